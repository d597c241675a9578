// `init` and `doctor` on every release of Slurm and each kind of site: no false alarm, and a task that runs.
import { expect } from 'chai';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { standInAgentPython } from '../stand-ins/agent/stand-in-agent.ts';
import { startWorld, type World } from '../e2e/world.ts';
import { APPTAINER_BESIDE, type SlurmVersion } from '../set-up/slurm-roots.mjs';
import { makeImage } from '../support/apptainer-image.ts';
import {
  agentPython,
  requireAccounting,
  requireAgent,
  requirePython,
  requireSlurmVersion,
} from '../support/skip-unless.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';

interface SiteKind {
  readonly version: SlurmVersion;
  readonly hasAccounting: boolean;
  readonly gpusPerNode: number;
  readonly hasApptainer?: boolean;
}

const SITES: readonly SiteKind[] = [
  { version: '20.11', hasAccounting: true, gpusPerNode: 2 },
  { version: '20.11', hasAccounting: false, gpusPerNode: 0 },
  { version: '22.05', hasAccounting: true, gpusPerNode: 2 },
  { version: '24.11', hasAccounting: false, gpusPerNode: 0 },
  { version: '26.05', hasAccounting: true, gpusPerNode: 0 },
  { version: APPTAINER_BESIDE, hasAccounting: false, gpusPerNode: 2, hasApptainer: true },
];

for (const kind of SITES) {
  const { version, hasAccounting, gpusPerNode, hasApptainer = false } = kind;
  const has = [hasAccounting && 'accounting', gpusPerNode > 0 && 'GPUs', hasApptainer && 'Apptainer'].filter(Boolean);

  describe(`init (Slurm ${version}, ${has.length === 0 ? 'no accounting, no GPUs' : has.join(', ')})`, () => {
    before(requireSlurmVersion(version));
    before(hasApptainer ? requireAgent : requirePython);
    if (hasAccounting) before(requireAccounting);

    it('writes files that pass lint and doctor, and a task runs with the files', async () => {
      await using cluster = await startSlurmCluster({ version, hasAccounting, gpusPerNode, nodeCount: 2 });
      await using world = await startWorld({ cluster, ...agentOf(kind) });
      const container = hasApptainer ? await installApptainer(cluster, world) : undefined;
      const queue = await world.user.makeQueue('default');

      const written = await world.run(
        ...['init', '--yes', '--queue', world.nameOf('default')],
        ...(hasApptainer ? ['--containers', 'apptainer'] : []),
      );
      expect(written.code, written.stderr).to.equal(0);
      const [template = '', settings = ''] = written.stdout.split('\n');
      const text = await readFile(template, 'utf8');
      const linted = await world.run('lint', '--strict', '--config-file', settings);
      expect(linted.stdout, text).to.equal('');
      expect(linted.stderr).not.to.include('could not check the job');
      const checked = await world.run('doctor', '--config-file', settings);
      expect(checked.code, checked.stdout).to.equal(0);

      const task = await world.user.makeTask({ ...(container === undefined ? {} : { more: { container } }) });
      await world.user.enqueue(task, queue);
      world.start('--config-file', settings);
      await world.untilStatus(task, 'completed');
      const [job = ''] = await world.jobsOf(task);
      const record = await cluster.run('scontrol', 'show', 'job', job);
      expect(record).to.match(hasAccounting ? /Account=lab / : /Account=\(null\) /);
      if (gpusPerNode > 0) expect(record).to.include('gpu');
      else expect(record).not.to.match(/\bgpus?\b/);
    });
  });
}

/** The image has the real agent; elsewhere the stand-in is enough. */
function agentOf({ hasApptainer }: SiteKind): { python: string; agent?: string } {
  const cache = resolve('.test-cache');
  return {
    python: standInAgentPython(),
    ...(hasApptainer === true ? { agent: `extra_docker_arguments: ["-v", "${cache}:${cache}:ro"]` } : {}),
  };
}

/** Makes the nodes' Apptainer a command of the login node too, and an image. @returns the container of a task */
async function installApptainer({ binDir = '' }: SlurmCluster, { folder }: World): Promise<Record<string, string>> {
  const command = await readFile(join(binDir, 'sinfo'), 'utf8');
  await writeFile(join(binDir, 'apptainer'), command.replace('/usr/bin/sinfo', '/usr/bin/apptainer'), { mode: 0o755 });
  const image = join(folder, 'image');
  await makeImage(image, { hasPython: true });
  await mkdir(join(image, 'usr/local/bin'), { recursive: true });
  await writeFile(join(image, 'usr/local/bin/python'), `#!/bin/sh\nexec ${agentPython()} "$@"\n`, { mode: 0o755 });
  return { image, arguments: '-e CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL=1 -e CLEARML_AGENT_QUEUE_POLL_FREQ_SEC=1' };
}
