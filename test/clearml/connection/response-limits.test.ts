// Every response is limited in length, depth and number of values, and a truncated one is reported.
import { expect } from 'chai';
import fc from 'fast-check';
import { createResponseGauge, limitsOf, type ResponseLimits } from '../../../src/clearml/connection/response-limits.ts';
import { ResponseTooLargeError } from '../../../src/clearml/errors.ts';
import { rejection } from '../../support/rejection.ts';
import { createScriptedServerFixture } from '../scripted-server-fixture.ts';
import { queueId, taskId } from '../client-under-test.ts';
import { data, huge, type Answer } from '../scripted-server.ts';

const TASK = taskId('a'.repeat(32));
const SMALL: ResponseLimits = { bytes: 1_000, depth: 3, values: 10 };

/** What the gauge says of a text that arrives in pieces of this length. */
function gauge(text: string, length = 1_000): string | undefined {
  const gauged = createResponseGauge(SMALL);
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += length) {
    const why = gauged.add(bytes.subarray(start, start + length));
    if (why !== undefined) return why;
  }
  return undefined;
}

describe('the check of a response against the size limits', () => {
  for (const [title, text, why] of [
    ['accepts text of exactly the permitted size', `"${'x'.repeat(998)}"`, undefined],
    ['rejects text that is one byte longer than the limit', `"${'x'.repeat(999)}"`, /MiB/],
    ['rejects text nested four levels deep if the limit is three', '[[{"a":[', /more than 3 levels deep/],
    ['accepts many brackets that are not open at the same time', '[[[]],[[]],{}]', undefined],
    ['ignores brackets in strings', '["[[[[[{{{{", "\\"[[[[[["]', undefined],
    ['distinguishes an escaped backslash from an escaped quote', '["\\\\", [[[1', /deep/],
    ['rejects text with too many values', '[1,2,3,4,5,6,7,8,9,10,11]', /more than 10 values/],
  ] as const) {
    it(title, () => {
      for (const length of [1, 7, 1_000]) {
        if (why === undefined) expect(gauge(text, length)).to.equal(undefined);
        else expect(gauge(text, length)).to.match(why);
      }
    });
  }

  it('accepts any JSON text within the limits, in chunks of any size', () => {
    const limits = { bytes: 1e9, depth: 100, values: 1e9 };
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), fc.integer({ min: 1, max: 50 }), (text, length) => {
        const gauged = createResponseGauge(limits);
        const bytes = Buffer.from(text);
        for (let start = 0; start < bytes.length; start += length)
          expect(gauged.add(bytes.subarray(start, start + length))).to.equal(undefined);
      }),
    );
  });

  it('has a byte limit for every endpoint, even for an unknown endpoint', () => {
    for (const endpoint of ['tasks.get_by_id', 'auth.login', 'anything.else'])
      expect(limitsOf(endpoint).bytes).to.be.within(1024 * 1024, 64 * 1024 * 1024);
  });
});

describe('the ClearML client with response limits (C-36)', () => {
  const fixture = createScriptedServerFixture();

  /** Writes as long as there is a reader. */
  function endless(text: string, heard: { bytes: number; isOver: boolean }): Answer {
    return (response) => {
      response.on('close', () => {
        heard.isOver = true;
      });
      const more = (): void => {
        while (!response.destroyed) {
          heard.bytes += text.length;
          if (!response.write(text)) break;
        }
      };
      response.writeHead(200, { 'content-type': 'application/json' }).on('drain', more);
      more();
    };
  }

  for (const [title, text] of [
    ['never ends', 'x'.repeat(65_536)],
    ['is nested endlessly', '['.repeat(65_536)],
    ['is an endless list', '[],'.repeat(21_845)],
  ] as const) {
    it(`stops reading a response that ${title}, and does not retry`, async () => {
      const heard = { bytes: 0, isOver: false };
      fixture.server.script('queues.remove_task', endless(text, heard));

      const error = await rejection(fixture.client().queues.removeEntry(queueId('b'.repeat(32)), TASK));

      expect(error).to.be.instanceOf(ResponseTooLargeError).and.have.property('mayHaveHappened', true);
      expect(error.message).to.match(
        /queues\.remove_task: the response (is larger than 1 MiB|nests lists|holds more than)/,
      );
      expect(heard.bytes).to.be.below(32 * 1024 * 1024);
      expect(fixture.server.callsOf('queues.remove_task')).to.have.length(1);
    });
  }

  it('rejects a response whose Content-Length exceeds the limit', async () => {
    fixture.server.script('tasks.get_by_id', huge());

    const error = await rejection(fixture.client().tasks.get(TASK));

    expect(error).to.be.instanceOf(ResponseTooLargeError);
    expect(error.message).to.include('larger than 32 MiB');
  });

  it('can make other calls after a response that is too large', async () => {
    fixture.server.script('tasks.get_by_id', huge(), data({ task: { id: TASK, status: 'queued' } }));
    const { tasks } = fixture.client();
    await rejection(tasks.get(TASK));

    expect((await tasks.get(TASK))?.task.status).to.equal('queued');
  });
});
