// Programs configured as command lines, as in the configuration of ALCF for the Enterprise glue.
import { expect } from 'chai';
import type { Transport, Command } from '../../src/transport/transport.ts';
import { withCommandLines } from '../../src/transport/configured-commands.ts';

describe('a transport with a configured command line', () => {
  for (const [configured, program, words] of [
    ['squeue -u ada', 'squeue -u ada', ['squeue', '-u', 'ada', '--noheader']],
    ["squeue --user='a b'", "squeue --user='a b'", ['squeue', '--user=a b', '--noheader']],
    ['/opt/slurm/bin/squeue', '/opt/slurm/bin/squeue', ['/opt/slurm/bin/squeue', '--noheader']],
    ['squeue -u ada', '/opt/my slurm/show-config', ['/opt/my slurm/show-config', '--noheader']],
  ] as const) {
    it(`("${configured}") runs "${program}" as ${JSON.stringify(words.slice(0, -1))}`, async () => {
      const run: Command[] = [];
      const host: Transport = {
        name: 'here',
        run(command) {
          run.push(command);
          return Promise.resolve({ exitCode: 0, killedBy: undefined, stdout: '', stderr: '' });
        },
        close: () => Promise.resolve(),
      };

      await withCommandLines(host, [configured]).run({ program, args: ['--noheader'], timeoutMs: 1000 });

      expect(run.map((command) => [command.program, ...command.args])).to.deep.equal([words]);
    });
  }
});
