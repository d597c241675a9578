// The retry rules alone, for failures that a server cannot produce at the right moment.
import { expect } from 'chai';
import { ServerUnreachableError } from '../../../src/clearml/errors.ts';
import { retry, type RetryRules } from '../../../src/clearml/connection/retry.ts';
import { rejection } from '../../support/rejection.ts';
import { TIMEOUT_MS } from '../../support/wait-until.ts';

const QUICK: RetryRules = {
  idempotent: true,
  timeouts: { attemptMs: TIMEOUT_MS, retryMs: TIMEOUT_MS, firstBackoffMs: 1, maxBackoffMs: 2 },
  onFailure: () => undefined,
};

describe('the retry of a failed call', () => {
  it('returns the result of the call even if the AbortSignal was aborted during the call', async () => {
    const stop = new AbortController();

    const result = await retry(
      () => {
        stop.abort(new Error('the program ends'));
        return Promise.resolve('taken');
      },
      { ...QUICK, signal: stop.signal },
    );

    expect(result).to.equal('taken');
  });

  it('starts no call if the AbortSignal is already aborted', async () => {
    let begun = false;

    const error = await rejection(
      retry(
        () => {
          begun = true;
          return Promise.resolve();
        },
        { ...QUICK, signal: AbortSignal.abort(new Error('the program ends')) },
      ),
    );

    expect(error.message).to.equal('the program ends');
    expect(begun).to.equal(false);
  });

  it('ends its backoff when the AbortSignal is aborted', async () => {
    const stop = new AbortController();
    const timeouts = { ...QUICK.timeouts, retryMs: 3_600_000, firstBackoffMs: 3_600_000, maxBackoffMs: 3_600_000 };

    const error = await rejection(
      retry(() => Promise.reject(new ServerUnreachableError('gone', false)), {
        ...QUICK,
        timeouts,
        signal: stop.signal,
        onFailure: () => {
          setImmediate(() => {
            stop.abort(new Error('the program ends'));
          });
        },
      }),
    );

    expect(error.message).to.equal('the program ends');
  });

  it('does not repeat a call that threw a TypeError', async () => {
    let attempts = 0;

    const error = await rejection(
      retry(() => {
        attempts += 1;
        return Promise.reject(new TypeError('a defect'));
      }, QUICK),
    );

    expect([error.message, attempts]).to.deep.equal(['a defect', 1]);
  });
});
