// What doctor looks at from inside a job, on a node.
import type { NodeFound } from './node-found.ts';
import type { ProbeContainer } from './node-script.ts';
import { failed, passed, checkFact, checkIfKnown, skipped, type Check, type Fact, type CheckResult } from './result.ts';

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
    question: 'Does a job of one minute start and answer?',
    fix: 'Name a partition with a free node (--partition), and set agent.slurm.shared_dir to a folder that nodes and login node share',
    check: ({ found }) => checkFact(found, ({ node }) => passed(`ran on ${node}`)),
  },
  {
    id: 'node-server',
    question: 'Does the node reach the ClearML server?',
    fix: "Ask for a route from the nodes to the server, or export the site's https_proxy in the template",
    check: ({ found, apiServer }) =>
      checkIfKnown(found, NO_ANSWER, ({ route }) =>
        route.isThere
          ? passed(`${apiServer} answers (${route.words})`)
          : failed(`no way to ${apiServer}: ${route.words}`),
      ),
  },
  {
    id: 'node-python',
    question: 'Is there a Python on the node?',
    fix: 'Set agent.slurm.python to a Python that the nodes have, or load one in the template before ${CLEARML_PRE_SETUP}',
    check: ({ found }) =>
      checkIfKnown(found, NO_ANSWER, ({ python }) =>
        python === undefined ? failed('there is none') : passed(`Python ${python}`),
      ),
  },
  {
    id: 'node-agent',
    question: 'Is clearml-agent there, or can it be installed?',
    fix: 'Install clearml-agent into a Python that the nodes see, and name it in agent.slurm.python',
    check: ({ found, agentVersion }) =>
      checkIfKnown(found, NO_ANSWER, ({ agent, canMakeVenv }) => {
        if (agent !== undefined) return passed(`clearml-agent ${agent}`);
        return canMakeVenv
          ? skipped(`none there: jobs install clearml-agent ${agentVersion} with pip`)
          : failed('there is none, and Python lacks venv or ensurepip to install it');
      }),
  },
  {
    id: 'node-git',
    question: 'Is git there, for tasks whose code is in a repository?',
    fix: 'Load git in the template, or ask for it on the nodes',
    check: ({ found }) =>
      checkIfKnown(found, NO_ANSWER, ({ git }) => (git === undefined ? failed('there is none') : passed(`git ${git}`))),
  },
  {
    id: 'node-containers',
    question: 'Is there a container program, where tasks run in images?',
    fix: 'Load apptainer in the template (#!/bin/bash -l, then module load apptainer), or leave out --singularity-mode',
    check: ({ found, needsContainers }) =>
      checkIfKnown(found, NO_ANSWER, ({ containers }) => {
        const canRun = containers.some((name) => name === 'apptainer' || name === 'singularity');
        if (needsContainers && !canRun) return failed('there is neither apptainer nor singularity');
        return containers.length === 0 ? skipped('none there, and none is needed') : passed(containers.join(', '));
      }),
  },
  {
    id: 'container',
    question: 'Does a container start there, where tasks run in images?',
    fix: 'Check the image that the template or agent.default_docker.image names, and that the nodes reach its registry, or have the file',
    check: ({ found, container }) =>
      checkIfKnown(found, NO_ANSWER, ({ container: { isStarted, words } }) =>
        checkFact(container, ({ image }) =>
          isStarted ? passed(`${image} starts`) : failed(`${image} does not start: ${words}`),
        ),
      ),
  },
  {
    id: 'container-python',
    question: 'Is there a Python in the image, with clearml-agent or pip?',
    fix: 'Name an image that has Python 3, and clearml-agent or pip',
    check: ({ found, container }) =>
      checkInside(found, container, ({ python, hasAgent, hasPip }, { borrowsAgent }) => {
        if (python === undefined) return failed('there is no Python');
        if (!hasAgent && !hasPip) {
          const says = `Python ${python} without clearml-agent and pip`;
          return borrowsAgent ? skipped(`${says}: it borrows the agent of the node`) : failed(says);
        }
        return passed(`Python ${python}, with ${hasAgent ? 'clearml-agent' : 'pip'}`);
      }),
  },
  {
    id: 'container-configuration',
    question: 'Does the container see a clearml.conf?',
    fix: 'Set agent.slurm.shared_dir, or have the template mount the home folder (#SBATCH --container-mount-home)',
    check: ({ found, container, sharedDir }) =>
      checkInside(found, container, ({ seesConfiguration }, { showsConfiguration }) => {
        if (!showsConfiguration) return skipped('the template mounts that of the job');
        if (!seesConfiguration) return failed('there is none in the home folder, as it is seen there');
        return passed(sharedDir ?? '~/clearml.conf');
      }),
  },
  {
    id: 'node-home',
    question: 'Is there room in the home folder?',
    fix: "Make room there, or set agent.venvs_dir and the agent's caches to a scratch folder",
    check: ({ found }) => checkIfKnown(found, NO_ANSWER, ({ home }) => checkHome(home)),
  },
  {
    id: 'node-shared-folder',
    question: 'Does the node see the shared folder?',
    fix: 'Name a folder in agent.slurm.shared_dir that login node and nodes have under the same path',
    check: ({ found, sharedDir }) =>
      checkIfKnown(found, NO_ANSWER, ({ seesSharedFolder }) => {
        if (sharedDir === undefined) return skipped('none is set');
        return seesSharedFolder ? passed(sharedDir) : failed(`${sharedDir} can not be written to there`);
      }),
  },
];

/** What is inside only a container that was started can tell. */
function checkInside(
  found: Fact<NodeFound>,
  container: Fact<ProbeContainer>,
  judgeSeen: (seen: NodeFound['container'], probed: ProbeContainer) => CheckResult,
): CheckResult {
  return checkIfKnown(found, NO_ANSWER, (node) =>
    checkIfKnown(container, 'not looked at: there is no container', (probed) =>
      node.container.isStarted
        ? judgeSeen(node.container, probed)
        : skipped('not looked at: the container did not start'),
    ),
  );
}

function checkHome({ path, isWritable, freeMb, overQuota }: NodeFound['home']): CheckResult {
  if (!isWritable) return failed(`${path} can not be written to`);
  if (overQuota !== undefined) return failed(`quota says: ${overQuota}`);
  if (freeMb === undefined) return passed(path);
  const free = `${path}, ${freeMb} MB free`;
  return freeMb < LEAST_FREE_MB ? failed(free) : passed(free);
}
