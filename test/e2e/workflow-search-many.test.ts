// A hyperparameter search with many trials: the SDK's own optimizer and training, as jobs of stand-ins for Slurm and the agent.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { expect } from 'chai';
import { standInAgentPython } from '../stand-ins/agent/stand-in-agent.ts';
import { STAND_IN_DEFAULTS } from '../stand-ins/slurm/settings.ts';
import { startStandInCluster } from '../stand-ins/slurm/stand-in-cluster.ts';
import { withStandInCommands } from '../stand-ins/slurm/stand-in-commands.ts';
import { agentPython, requireAgent, requireSandbox } from '../support/skip-unless.ts';
import { idIn, startWorkflowBed, type WorkflowBed } from './workflow-bed.ts';

/** A larger number is for a manual run: `TRIALS=200`. */
const TRIALS = Number(process.env['TRIALS'] ?? 6);
const AT_ONCE = Math.min(20, Math.ceil(TRIALS / 2));
/** At each poll, the controller asks several times about each trial so far. */
const POLL_SECONDS = Math.ceil(TRIALS / 20);

describe('a hyperparameter search with many trials', function () {
  this.timeout(3_600_000);
  let bed: WorkflowBed;

  before(requireAgent);
  before(requireSandbox);
  before(async () => {
    bed = await startBed();
    await bed.serve({ controllers: 'controller.template', trials: 'trial.template' });
  });
  after(() => bed[Symbol.asyncDispose]());

  async function startBed(): Promise<WorkflowBed> {
    const folder = await mkdtemp(join(tmpdir(), 'search-'));
    const partitions = [...STAND_IN_DEFAULTS.partitions, { name: 'cpu', state: 'UP', maxTimeMs: null } as const];
    const standIn = await startStandInCluster({ stateDir: join(folder, 'slurm'), settings: { partitions } });
    const { env, ...cluster } = withStandInCommands(standIn.commandsDir);
    // The stand-in for the agent runs tasks with the first python3: that of the SDK.
    const path = [dirname(agentPython()), env['PATH']].join(delimiter);
    return startWorkflowBed('hyperparameter-search', {
      python: standInAgentPython(),
      cluster: {
        ...cluster,
        env: { ...env, PATH: path },
        async stop() {
          await standIn.close();
          await rm(folder, { recursive: true, force: true, maxRetries: 3 });
        },
      },
    });
  }

  it('completes after its last trial, and all trials complete', async () => {
    const { nameOf } = bed.world;
    const create = async (name: string, script: string, ...options: readonly string[]): Promise<string> => {
      const what = ['--project', 'search', '--name', name, '--skip-task-init', '--packages', 'clearml'];
      return idIn(await bed.run('clearml-task', ...what, '--script', script, ...options));
    };
    const trial = await create('trial', 'train.py', '--args', 'epochs=2', 'epoch_seconds=0');
    const args = [`trial=${trial}`, `queue=${nameOf('trials')}`, `trials=${TRIALS}`, `at_once=${AT_ONCE}`];
    const options = ['--queue', nameOf('controllers'), '--args', ...args, `poll_seconds=${POLL_SECONDS}`];
    const search = await create('search', 'search.py', ...options);

    const console = await bed.untilCompleted(search);

    expect(console).to.match(/^Place 1: task [0-9a-f]{32}/m);
    const trials = await bed.childrenOf(search);
    expect(trials.filter(({ status }) => status !== 'completed')).to.deep.equal([]);
    // The optimizer checks its limit once for all free places.
    expect(trials.length).to.be.within(TRIALS, TRIALS + AT_ONCE - 1);
  });
});
