// Whether other users can change Slurm's programs on the host: checked before the first command, and again when one may have moved.
import { expect } from 'chai';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withSlurmCommands } from '../../src/assembly/locate-slurm-programs.ts';
import { UntrustedPathError } from '../../src/assembly/refuse-untrusted-files.ts';
import { CommandNotFoundError, HostUnreachableError } from '../../src/transport/errors.ts';
import { createLocalTransport } from '../../src/transport/local-transport.ts';
import type { CommandResult, Transport } from '../../src/transport/transport.ts';
import { rejection } from '../support/rejection.ts';
import { TIMEOUT_MS } from '../support/wait-until.ts';

const PROGRAMS = ['sbatch', 'squeue', 'sacct', 'scancel', 'scontrol'];

describe("the permission check of Slurm's programs", () => {
  let folder: string;
  let local: Transport;
  let host: Transport;
  let now: number;
  let started: string[];

  beforeEach(() => {
    now = 0;
    started = [];
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'slurm-programs-')));
    chmodSync(folder, 0o755);
    for (const release of ['old', 'new']) mkdirSync(join(folder, release));
    for (const name of PROGRAMS) writeFileSync(join(folder, 'old', name), '#!/bin/sh\necho "$0"\n', { mode: 0o755 });
    const path = `${folder}/old:${folder}/new`;
    local = createLocalTransport({ path, home: '/', user: 'ann', workingDirectory: '/' });
    const counted: Transport = {
      ...local,
      run(command) {
        started.push(command.program);
        return local.run(command);
      },
    };
    host = withSlurmCommands(
      counted,
      {
        binaries: { batchBinary: 'sbatch', runBinary: 'srun', monitorBinary: 'squeue' },
        trustedGroup: undefined,
        userMap: {},
      },
      { slurmConf: undefined, python: undefined },
      () => now,
    );
  });
  afterEach(async () => {
    await local.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function squeue(): Promise<CommandResult> {
    return host.run({ program: 'squeue', args: [], timeoutMs: TIMEOUT_MS });
  }

  it('prevents every Slurm command if another user can change sacct', async () => {
    chmodSync(join(folder, 'old', 'sacct'), 0o777);

    expect(await rejection(squeue())).to.be.instanceOf(UntrustedPathError);

    expect(started).to.deep.equal(['/bin/sh']);
  });

  it('runs again at most once a minute while squeue is missing', async () => {
    await squeue();
    rmSync(join(folder, 'old', 'squeue'));
    now = 59_000;
    expect(await rejection(squeue())).to.be.instanceOf(CommandNotFoundError);
    now = 60_000;
    for (let n = 0; n < 3; n += 1) expect(await rejection(squeue())).to.be.instanceOf(CommandNotFoundError);

    expect(started).to.deep.equal(['/bin/sh', 'squeue', 'squeue', 'squeue', '/bin/sh', 'squeue', 'squeue']);
  });

  it('reports the host as unreachable if the programs have moved to a directory of mode 777', async () => {
    await squeue();
    for (const name of PROGRAMS) renameSync(join(folder, 'old', name), join(folder, name));
    now = 60_000;
    expect(await rejection(squeue())).to.be.instanceOf(CommandNotFoundError);
    for (const name of PROGRAMS) renameSync(join(folder, name), join(folder, 'new', name));
    chmodSync(join(folder, 'new'), 0o777);

    expect(await rejection(squeue())).to.be.instanceOf(HostUnreachableError);

    chmodSync(join(folder, 'new'), 0o755);
    expect((await squeue()).stdout).to.equal(`${folder}/new/squeue\n`);
  });
});
