// sbatch reports "Socket timed out" although Slurm accepted the job: a proxy in front of the controller drops the response.
import { expect } from 'chai';
import { standInAgentPython } from '../stand-ins/agent/stand-in-agent.ts';
import { startDelayingProxy, type Fault } from '../support/slurmctld-proxy.ts';
import { requirePython, requireSlurm } from '../support/skip-unless.ts';
import { startSlurmCluster } from '../support/slurm-cluster.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld } from './world.ts';

const FAULTS: readonly (readonly [what: string, fault: Fault])[] = [
  ['the response to sbatch never arrives', { kind: 'drop-answers' }],
  ['the connection of sbatch is cut', { kind: 'cut-answers' }],
];

describe('the daemon', () => {
  before(requirePython);
  before(requireSlurm);

  for (const [what, fault] of FAULTS) {
    it(`finds the accepted job by name if ${what}, and submits no second job (S-01)`, async () => {
      await using cluster = await startSlurmCluster({ clusterName: 'deaf', nodeCount: 1 });
      await using proxy = await startDelayingProxy(cluster.controllerPort);
      const env = { SLURM_CONF: cluster.confThroughPort(proxy.port) };
      await using world = await startWorld({
        cluster: { ...cluster, env },
        python: standInAgentPython(),
      });
      const template = await world.write('quick.template', QUICK_TEMPLATE);
      const queue = await world.user.makeQueue('quick');
      const task = await world.user.makeTask({});
      await world.user.enqueue(task, queue);
      proxy.break({ fault, only: 'submissions', times: 1 });

      const daemon = world.start('--template-files', template, '--queue', world.nameOf('quick'));

      // The job may be over before sbatch has given up.
      await daemon.untilLogged('Submission outcome unknown');
      await world.untilStatus(task, 'completed');
      expect(await world.jobsOf(task)).to.have.length(1);
      expect((await world.user.console(task)).match(/hello from the task/g)).to.have.length(1);
      await world.stop(daemon);
    });
  }
});
