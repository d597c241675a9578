// The behavior of a ClearML server that we rely on, tried through our client: against the sandbox and any real server.
import { defineChangesContract } from './contract-changes.ts';
import { defineConnectionContract } from './contract-connection.ts';
import { defineConsoleContract } from './contract-console.ts';
import { defineModelContract } from './contract-models.ts';
import { defineQueueContract } from './contract-queues.ts';
import { openContractTestBed, type ContractTestBed } from './contract-test-bed.ts';
import { defineStatusContract } from './contract-status.ts';
import { defineTaskContract } from './contract-tasks.ts';
import { defineWorkflowContract } from './contract-workflows.ts';
import type { Access } from './raw-calls.ts';

/**
 * Defines the suite, which creates queues, tasks and projects with unique names, and deletes them.
 * @param close ends the server after the suite
 */
export function defineClearmlContract(
  name: string,
  provide: () => Promise<Access>,
  close?: () => Promise<void> | undefined,
): void {
  describe(`ClearML server contract (${name}):`, () => {
    // A real server may be far away, and shows console lines seconds after it took them.
    let opened: ContractTestBed | undefined;

    before(async () => {
      opened = openContractTestBed(await provide());
      // A server that isn't there fails the suite once, not each test after half a minute.
      await opened.client.connect();
    });

    after(async () => {
      await opened?.close();
      await close?.();
    });

    const testBed = (): ContractTestBed => {
      if (opened === undefined) throw new Error('the test bed is there only while a test runs');
      return opened;
    };
    defineConnectionContract(testBed);
    defineQueueContract(testBed);
    defineTaskContract(testBed);
    defineStatusContract(testBed);
    defineConsoleContract(testBed);
    defineChangesContract(testBed);
    defineWorkflowContract(testBed);
    defineModelContract(testBed);
  });
}
