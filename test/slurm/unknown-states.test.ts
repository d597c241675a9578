// A squeue with ever new states: a limited number is reported, and no more are remembered.
import { expect } from 'chai';
import type { Transport } from '../../src/transport/transport.ts';
import { createCommandLineScheduler } from '../../src/slurm/run-slurm-commands.ts';
import { recordsOf } from './squeue-records.ts';
import { SLURM_COMMANDS } from '../support/slurm-command-names.ts';

describe('the log of unknown job states', () => {
  it('contains only the first 20 of 100,000 unknown states', async () => {
    const warned: unknown[] = [];
    let states: readonly string[] = [];
    const host: Transport = {
      name: 'this machine',
      run: ({ args }) =>
        Promise.resolve({ exitCode: 0, killedBy: undefined, stdout: recordsOf(args, states), stderr: '' }),
      close: () => Promise.resolve(),
    };
    const nothing = (): void => undefined;
    const scheduler = createCommandLineScheduler({
      host,
      commands: SLURM_COMMANDS,
      sbatchTimeoutMs: 1_000,
      commandTimeoutMs: 1_000,
      log: { debug: nothing, info: nothing, warn: (_, data) => void warned.push(data), error: nothing },
      randomToken: () => 'mark1234',
    });
    for (let pass = 0; pass < 10; pass += 1) {
      states = Array.from({ length: 10_000 }, (_, number) => `STRANGE_${pass}_${number}`);
      const list = await scheduler.list();
      expect(list.kind === 'listed' && list.jobs).to.have.length(10_000);
    }

    expect(warned).to.have.length(20);
    expect(warned[19]).to.deep.equal({ job: '20', state: 'STRANGE_0_19' });
  });
});
