// The ClearML contract with our own sandbox.
import { systemClock } from '../../src/base/clock.ts';
import { createSandbox, type Sandbox } from '../../src/sandbox/server.ts';
import { defineClearmlContract } from './contract.ts';

let sandbox: Sandbox | undefined;

defineClearmlContract(
  'our sandbox',
  async () => {
    sandbox = await createSandbox({ port: 0, clock: systemClock });
    return sandbox;
  },
  () => sandbox?.close(),
);
