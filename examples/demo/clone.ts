// The demo of a clone: the built program, a real Slurm and the real agent if they can be installed, else stand-ins.
import { resolve } from 'node:path';
import { findAgent } from './agent.ts';
import { findCluster, standInCluster } from './cluster.ts';
import type { Installer } from './installer.ts';
import { ownCluster } from './own-cluster.ts';
import { runDemo } from './three-tasks.ts';

interface CloneOptions {
  /** Whether to use stand-ins even if the real programs exist. */
  readonly standIns: boolean;
  readonly installer: Installer;
  readonly hasWeb: boolean;
  readonly stop: AbortSignal;
}

/** Returns whether the outcome is as expected. The working directory is the clone. */
export function runDemoOfClone({ standIns, installer, hasWeb, stop }: CloneOptions): Promise<boolean> {
  return runDemo({
    findCluster: () =>
      standIns
        ? standInCluster('DEMO_STAND_INS is set')
        : findCluster({ ownCluster: (why) => ownCluster(why, installer) }),
    findAgent: () => findAgent({ standIn: standIns, installer }),
    program: [process.execPath, resolve('bin/clearml-agent-slurm.js')],
    template: 'examples/demo/demo.template',
    sharedParent: resolve('.test-cache'),
    nextSteps: NEXT_STEPS,
    hasWeb,
    stop,
  });
}

const NEXT_STEPS = `  examples/demo/demo.template   the sbatch template of these jobs
  README.md                     your own server and cluster
  docs/templates.md             how to write a template
`;
