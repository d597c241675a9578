// A client that was closed, and that a daemon still refers to after a reload.
import { expect } from 'chai';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ClearmlClient } from '../../src/clearml/client.ts';
import { makeClient } from './client-under-test.ts';

/** Closes the client in a function that refers to another object, as that of a daemon refers to its next client. */
async function closeBeside(client: ClearmlClient): Promise<WeakRef<object>> {
  const next = { name: 'the next client' };
  const close = async (): Promise<string> => {
    await client.close();
    return next.name;
  };
  await close();
  return new WeakRef(next);
}

describe('a closed ClearML client', () => {
  it('does not prevent garbage collection of the next client', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const client = makeClient('http://127.0.0.1:1');

    const next = await closeBeside(client);
    await turn();
    collectGarbage();

    expect(next.deref()).to.equal(undefined);
    // It was referred to until here.
    await client.close();
  });
});
