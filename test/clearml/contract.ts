// The behavior of a ClearML server that we rely on, tried through our client: against the sandbox and any real server.
import { defineConnectionContract } from './contract-connection.ts';
import { defineConsoleContract } from './contract-console.ts';
import { defineQueueContract } from './contract-queues.ts';
import { openStage, type Stage } from './contract-server.ts';
import { defineStatusContract } from './contract-status.ts';
import { defineTaskContract } from './contract-tasks.ts';
import type { Access } from './raw-calls.ts';

/** Defines the suite, which creates queues, tasks and projects with unique names, and deletes them. */
export function defineClearmlContract(name: string, provide: () => Promise<Access>): void {
  describe(`the ClearML contract, with ${name}`, () => {
    // A real server may be far away, and shows console lines seconds after it took them.
    let stage: Stage | undefined;

    before(async () => {
      stage = openStage(await provide());
      // A server that isn't there fails the suite once, not each test after half a minute.
      await stage.client.connect();
    });

    after(async () => {
      await stage?.close();
    });

    const onStage = (): Stage => {
      if (stage === undefined) throw new Error('the stage is there only while a test runs');
      return stage;
    };
    defineConnectionContract(onStage);
    defineQueueContract(onStage);
    defineTaskContract(onStage);
    defineStatusContract(onStage);
    defineConsoleContract(onStage);
  });
}
