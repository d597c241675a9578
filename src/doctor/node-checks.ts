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
const NO_ANSWER = 'not checked: no job has reported';

export const NODE_CHECKS: readonly Check<NodeSeen>[] = [
  {
    id: 'probe-job',
    question: 'Does a job of one minute start and report?',
    fix: 'Use a partition with a free node (--partition), and set agent.slurm.shared_dir to a directory that nodes and login node share',
    check: ({ found }) => checkFact(found, ({ node }) => passed(`ran on ${node}`)),
  },
  {
    id: 'node-server',
    question: 'Does the node reach the ClearML server?',
    fix: "Ask for a route from the nodes to the server, or export the site's https_proxy in the template",
    check: ({ found, apiServer }) =>
      checkIfKnown(found, NO_ANSWER, ({ route }) =>
        route.isThere
          ? passed(`${apiServer} responds (${route.words})`)
          : failed(`cannot reach ${apiServer}: ${route.words}`),
      ),
  },
  {
    id: 'node-python',
    question: 'Does the node have Python?',
    fix: 'Set agent.slurm.python to a Python that the nodes have, or load one in the template before ${CLEARML_PRE_SETUP}',
    check: ({ found }) =>
      checkIfKnown(found, NO_ANSWER, ({ python }) =>
        python === undefined ? failed('not found') : passed(`Python ${python}`),
      ),
  },
  {
    id: 'node-agent',
    question: 'Does the node have clearml-agent, or can it be installed?',
    fix: 'Install clearml-agent into a Python that the nodes have, and set agent.slurm.python to it',
    check: ({ found, agentVersion }) =>
      checkIfKnown(found, NO_ANSWER, ({ agent, canMakeVenv }) => {
        if (agent !== undefined) return passed(`clearml-agent ${agent}`);
        return canMakeVenv
          ? skipped(`not found: jobs install clearml-agent ${agentVersion} with pip`)
          : failed('not found, and Python lacks venv or ensurepip to install it');
      }),
  },
  {
    id: 'node-git',
    question: 'Does the node have git, for tasks with a repository?',
    fix: 'Load git in the template, or ask an administrator to install it on the nodes',
    check: ({ found }) =>
      checkIfKnown(found, NO_ANSWER, ({ git }) => (git === undefined ? failed('not found') : passed(`git ${git}`))),
  },
  {
    id: 'node-containers',
    question: 'Does the node have a container program, if tasks run in images?',
    fix: 'Load apptainer in the template (#!/bin/bash -l, then module load apptainer), or leave out --singularity-mode',
    check: ({ found, needsContainers }) =>
      checkIfKnown(found, NO_ANSWER, ({ containers }) => {
        const canRun = containers.some((name) => name === 'apptainer' || name === 'singularity');
        if (needsContainers && !canRun) return failed('neither apptainer nor singularity found');
        return containers.length === 0 ? skipped('not found, and not needed') : passed(containers.join(', '));
      }),
  },
  {
    id: 'container',
    question: 'Does a container start, if tasks run in images?',
    fix: 'Check the image of the template or of agent.default_docker.image, and that the nodes can reach its registry or have the file',
    check: ({ found, container }) =>
      checkIfKnown(found, NO_ANSWER, ({ container: { isStarted, words } }) =>
        checkFact(container, ({ image }) =>
          isStarted ? passed(`${image} starts`) : failed(`${image} does not start: ${words}`),
        ),
      ),
  },
  {
    id: 'container-python',
    question: 'Does the image have Python, with clearml-agent or pip?',
    fix: 'Use an image with Python 3, and clearml-agent or pip',
    check: ({ found, container }) =>
      checkInside(found, container, ({ python, hasAgent, hasPip }, { borrowsAgent }) => {
        if (python === undefined) return failed('no Python found');
        if (!hasAgent && !hasPip) {
          const says = `Python ${python} without clearml-agent and pip`;
          return borrowsAgent ? skipped(`${says}: it uses the node's agent`) : failed(says);
        }
        return passed(`Python ${python}, with ${hasAgent ? 'clearml-agent' : 'pip'}`);
      }),
  },
  {
    id: 'container-configuration',
    question: 'Does the container see a clearml.conf?',
    fix: 'Set agent.slurm.shared_dir, or mount the home directory in the template (#SBATCH --container-mount-home)',
    check: ({ found, container, sharedDir }) =>
      checkInside(found, container, ({ seesConfiguration }, { showsConfiguration }) => {
        if (!showsConfiguration) return skipped('the template mounts the one of the job');
        if (!seesConfiguration) return failed('the home directory in the container has none');
        return passed(sharedDir ?? '~/clearml.conf');
      }),
  },
  {
    id: 'node-home',
    question: 'Does the home directory have free space?',
    fix: "Free some space, or set agent.venvs_dir and the agent's caches to a scratch directory",
    check: ({ found }) => checkIfKnown(found, NO_ANSWER, ({ home }) => checkHome(home)),
  },
  {
    id: 'node-shared-folder',
    question: 'Does the node see the shared directory?',
    fix: 'Set agent.slurm.shared_dir to a directory that login node and nodes have under the same path',
    check: ({ found, sharedDir }) =>
      checkIfKnown(found, NO_ANSWER, ({ seesSharedFolder }) => {
        if (sharedDir === undefined) return skipped('none is set');
        return seesSharedFolder ? passed(sharedDir) : failed(`${sharedDir} is not writable there`);
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
    checkIfKnown(container, 'not checked: no container', (probed) =>
      node.container.isStarted
        ? judgeSeen(node.container, probed)
        : skipped('not checked: the container did not start'),
    ),
  );
}

function checkHome({ path, isWritable, freeMb, overQuota }: NodeFound['home']): CheckResult {
  if (!isWritable) return failed(`${path} is not writable`);
  if (overQuota !== undefined) return failed(`over quota: ${overQuota}`);
  if (freeMb === undefined) return passed(path);
  const free = `${path}, ${freeMb} MB free`;
  return freeMb < LEAST_FREE_MB ? failed(free) : passed(free);
}
