// What doctor looks at from inside a job, on a node.
import type { NodeFound } from './node-found.ts';
import type { ProbeContainer } from './node-script.ts';
import { bad, good, judge, judgeIfKnown, open, type Check, type Fact, type Verdict } from './result.ts';

export interface NodeSeen {
  readonly found: Fact<NodeFound>;
  readonly apiServer: string;
  readonly sharedDir: string | undefined;
  readonly agentVersion: string;
  readonly needsContainers: boolean;
  /** What was started to look inside; or why nothing was. */
  readonly container: Fact<ProbeContainer>;
}

/** A small environment with the agent in it takes about as much. */
const LEAST_FREE_MB = 1024;

/** Why there is none the first row tells. */
const NO_ANSWER = 'not looked at: no job has answered';

export const NODE_CHECKS: readonly Check<NodeSeen>[] = [
  {
    id: 'probe-job',
    asks: 'Does a job of one minute start and answer?',
    fix: 'Name a partition with a free node (--partition), and set agent.slurm.shared_dir to a folder that nodes and login node share',
    judge: ({ found }) => judge(found, ({ node }) => good(`ran on ${node}`)),
  },
  {
    id: 'node-server',
    asks: 'Does the node reach the ClearML server?',
    fix: "Ask for a route from the nodes to the server, or export the site's https_proxy in the template",
    judge: ({ found, apiServer }) =>
      judgeIfKnown(found, NO_ANSWER, ({ route }) =>
        route.isThere ? good(`${apiServer} answers (${route.words})`) : bad(`no way to ${apiServer}: ${route.words}`),
      ),
  },
  {
    id: 'node-python',
    asks: 'Is there a Python on the node?',
    fix: 'Set agent.slurm.python to a Python that the nodes have, or load one in the template before ${CLEARML_PRE_SETUP}',
    judge: ({ found }) =>
      judgeIfKnown(found, NO_ANSWER, ({ python }) =>
        python === undefined ? bad('there is none') : good(`Python ${python}`),
      ),
  },
  {
    id: 'node-agent',
    asks: 'Is clearml-agent there, or can it be installed?',
    fix: 'Install clearml-agent into a Python that the nodes see, and name it in agent.slurm.python',
    judge: ({ found, agentVersion }) =>
      judgeIfKnown(found, NO_ANSWER, ({ agent, canMakeVenv }) => {
        if (agent !== undefined) return good(`clearml-agent ${agent}`);
        return canMakeVenv
          ? open(`none there: jobs install clearml-agent ${agentVersion} with pip`)
          : bad('there is none, and Python lacks venv or ensurepip to install it');
      }),
  },
  {
    id: 'node-git',
    asks: 'Is git there, for tasks whose code is in a repository?',
    fix: 'Load git in the template, or ask for it on the nodes',
    judge: ({ found }) =>
      judgeIfKnown(found, NO_ANSWER, ({ git }) => (git === undefined ? bad('there is none') : good(`git ${git}`))),
  },
  {
    id: 'node-containers',
    asks: 'Is there a container program, where tasks run in images?',
    fix: 'Load apptainer in the template (#!/bin/bash -l, then module load apptainer), or leave out --singularity-mode',
    judge: ({ found, needsContainers }) =>
      judgeIfKnown(found, NO_ANSWER, ({ containers }) => {
        const canRun = containers.some((name) => name === 'apptainer' || name === 'singularity');
        if (needsContainers && !canRun) return bad('there is neither apptainer nor singularity');
        return containers.length === 0 ? open('none there, and none is needed') : good(containers.join(', '));
      }),
  },
  {
    id: 'container',
    asks: 'Does a container start there, where tasks run in images?',
    fix: 'Check the image that the template or agent.default_docker.image names, and that the nodes reach its registry, or have the file',
    judge: ({ found, container }) =>
      judgeIfKnown(found, NO_ANSWER, ({ container: { isStarted, words } }) =>
        judge(container, ({ image }) =>
          isStarted ? good(`${image} starts`) : bad(`${image} does not start: ${words}`),
        ),
      ),
  },
  {
    id: 'container-python',
    asks: 'Is there a Python in the image, with clearml-agent or pip?',
    fix: 'Name an image that has Python 3, and clearml-agent or pip',
    judge: ({ found, container }) =>
      judgeInside(found, container, ({ python, hasAgent, hasPip }, { borrowsAgent }) => {
        if (python === undefined) return bad('there is no Python');
        if (!hasAgent && !hasPip) {
          const says = `Python ${python} without clearml-agent and pip`;
          return borrowsAgent ? open(`${says}: it borrows the agent of the node`) : bad(says);
        }
        return good(`Python ${python}, with ${hasAgent ? 'clearml-agent' : 'pip'}`);
      }),
  },
  {
    id: 'container-configuration',
    asks: 'Does the container see a clearml.conf?',
    fix: 'Set agent.slurm.shared_dir, or have the template mount the home folder (#SBATCH --container-mount-home)',
    judge: ({ found, container, sharedDir }) =>
      judgeInside(found, container, ({ seesConfiguration }, { showsConfiguration }) => {
        if (!showsConfiguration) return open('the template mounts that of the job');
        if (!seesConfiguration) return bad('there is none in the home folder, as it is seen there');
        return good(sharedDir ?? '~/clearml.conf');
      }),
  },
  {
    id: 'node-home',
    asks: 'Is there room in the home folder?',
    fix: "Make room there, or set agent.venvs_dir and the agent's caches to a scratch folder",
    judge: ({ found }) => judgeIfKnown(found, NO_ANSWER, ({ home }) => judgeHome(home)),
  },
  {
    id: 'node-shared-folder',
    asks: 'Does the node see the shared folder?',
    fix: 'Name a folder in agent.slurm.shared_dir that login node and nodes have under the same path',
    judge: ({ found, sharedDir }) =>
      judgeIfKnown(found, NO_ANSWER, ({ seesSharedFolder }) => {
        if (sharedDir === undefined) return open('none is set');
        return seesSharedFolder ? good(sharedDir) : bad(`${sharedDir} can not be written to there`);
      }),
  },
];

/** What is inside only a container that was started can tell. */
function judgeInside(
  found: Fact<NodeFound>,
  container: Fact<ProbeContainer>,
  judgeSeen: (seen: NodeFound['container'], probed: ProbeContainer) => Verdict,
): Verdict {
  return judgeIfKnown(found, NO_ANSWER, (node) =>
    judgeIfKnown(container, 'not looked at: there is no container', (probed) =>
      node.container.isStarted ? judgeSeen(node.container, probed) : open('not looked at: the container did not start'),
    ),
  );
}

function judgeHome({ path, isWritable, freeMb, overQuota }: NodeFound['home']): Verdict {
  if (!isWritable) return bad(`${path} can not be written to`);
  if (overQuota !== undefined) return bad(`quota says: ${overQuota}`);
  if (freeMb === undefined) return good(path);
  const free = `${path}, ${freeMb} MB free`;
  return freeMb < LEAST_FREE_MB ? bad(free) : good(free);
}
