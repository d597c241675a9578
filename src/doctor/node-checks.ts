// The checks on a node, made by a probe job, and the check whether a job of another Unix user gets as far as its task.
import type { NodeFound, ProbeContainer } from './node-script.ts';
import {
  failed,
  passed,
  checkFact,
  checkIfKnown,
  skipped,
  type Check,
  type Fact,
  type CheckResult,
} from './check-result.ts';
import { findJobExit, JOB_EXIT_CODES } from '../sbatch-template/job-script/job-exit-codes.ts';

export interface NodeSeen {
  readonly found: Fact<NodeFound>;
  readonly apiServer: string;
  readonly sharedDir: string | undefined;
  readonly agentVersion: string;
  readonly needsContainers: boolean;
  /** The container to check, or why there is none. */
  readonly container: Fact<ProbeContainer>;
}

/** The size of a small environment with the agent. */
const LEAST_FREE_MB = 1024;

/** The first check tells why. */
const NO_ANSWER = 'not checked: the probe job gave no results';

export const NODE_CHECKS: readonly Check<NodeSeen>[] = [
  {
    id: 'probe-job',
    question: 'Does a one-minute job run?',
    fix: 'Select a partition with a free node (--partition), and set agent.slurm.shared_dir to a directory that the nodes and the login node share',
    check: ({ found }) => checkFact(found, ({ node }) => passed(`ran on ${node}`)),
  },
  {
    id: 'node-server',
    question: 'Can the node reach the ClearML server?',
    fix: 'Ask for a route from the nodes to the server, or export https_proxy in the template',
    check: ({ found, apiServer }) =>
      checkIfKnown(found, NO_ANSWER, ({ route }) =>
        route.isThere
          ? passed(`${apiServer} responds (${route.output})`)
          : failed(`cannot reach ${apiServer}: ${route.output}`),
      ),
  },
  {
    id: 'node-python',
    question: 'Does the node have Python?',
    fix: 'Set agent.slurm.python to a Python of the nodes, or load a module in the template before ${CLEARML_PRE_SETUP}',
    check: ({ found }) =>
      checkIfKnown(found, NO_ANSWER, ({ python }) =>
        python === undefined ? failed('not found') : passed(`Python ${python}`),
      ),
  },
  {
    id: 'node-agent',
    question: 'Is clearml-agent installed, or can it be installed?',
    fix: 'Install the package python3-venv on the nodes (Debian, Ubuntu), or install clearml-agent in a Python that the nodes can use and set agent.slurm.python to this Python',
    check: ({ found, agentVersion }) =>
      checkIfKnown(found, NO_ANSWER, ({ agent, canMakeVenv }) => {
        if (agent !== undefined) return passed(`clearml-agent ${agent}`);
        return canMakeVenv
          ? skipped(`not installed: jobs install clearml-agent ${agentVersion} with pip`)
          : failed('not installed, and cannot be installed: Python has no venv or no ensurepip');
      }),
  },
  {
    id: 'node-git',
    question: 'Is git installed, for tasks with code in a repository?',
    fix: 'Load a git module in the template, or ask for git on the nodes; tasks without a repository need no git',
    check: ({ found }) =>
      checkIfKnown(found, NO_ANSWER, ({ git }) => (git === undefined ? failed('not found') : passed(`git ${git}`))),
  },
  {
    id: 'node-containers',
    question: 'Is a container runtime installed, if tasks need one?',
    fix: 'Load apptainer in the template (#!/bin/bash -l, then module load apptainer), or remove --singularity-mode',
    check: ({ found, needsContainers }) =>
      checkIfKnown(found, NO_ANSWER, ({ containers }) => {
        const canRun = containers.some((name) => name === 'apptainer' || name === 'singularity');
        if (needsContainers && !canRun) return failed('neither apptainer nor singularity found');
        return containers.length === 0 ? skipped('not installed and not needed') : passed(containers.join(', '));
      }),
  },
  {
    id: 'container',
    question: 'If tasks need a container, does it start?',
    fix: 'Check the image in the template or agent.default_docker.image, and that the nodes can reach its registry or have its file',
    check: ({ found, container }) =>
      checkIfKnown(found, NO_ANSWER, ({ container: { isStarted, output } }) =>
        checkFact(container, ({ image }) =>
          isStarted ? passed(`${image} starts`) : failed(`${image} does not start: ${output}`),
        ),
      ),
  },
  {
    id: 'container-python',
    question: 'Does the image have Python with clearml-agent or pip?',
    fix: 'Use an image with Python 3 and clearml-agent or pip',
    check: ({ found, container }) =>
      checkInside(found, container, ({ python, hasAgent, hasPip }, { borrowsAgent }) => {
        if (python === undefined) return failed('Python not found');
        if (!hasAgent && !hasPip) {
          const says = `Python ${python} without clearml-agent and without pip`;
          return borrowsAgent ? skipped(`${says}: the container uses the agent of the node`) : failed(says);
        }
        return passed(`Python ${python}, with ${hasAgent ? 'clearml-agent' : 'pip'}`);
      }),
  },
  {
    id: 'container-configuration',
    question: 'Can the container read clearml.conf?',
    fix: 'Set agent.slurm.shared_dir, or mount the home directory in the template (#SBATCH --container-mount-home)',
    check: ({ found, container, sharedDir }) =>
      checkInside(found, container, ({ seesConfiguration }, { showsConfiguration }) => {
        if (!showsConfiguration) return skipped("the template mounts the job's clearml.conf");
        if (!seesConfiguration) return failed('not found in the home directory of the container');
        return passed(sharedDir ?? '~/clearml.conf');
      }),
  },
  {
    id: 'node-home',
    question: 'Does the home directory have free space?',
    fix: 'Free some space, or set agent.vcs_cache.path and agent.pip_download_cache.path to a scratch directory',
    check: ({ found }) => checkIfKnown(found, NO_ANSWER, ({ home }) => checkHome(home)),
  },
  {
    id: 'node-shared-folder',
    question: 'Can the node write to the shared directory?',
    fix: 'Set agent.slurm.shared_dir to a directory that the login node and the nodes have under the same path',
    check: ({ found, sharedDir }) =>
      checkIfKnown(found, NO_ANSWER, ({ seesSharedFolder }) => {
        if (sharedDir === undefined) return skipped('not set');
        return seesSharedFolder ? passed(sharedDir) : failed(`${sharedDir} is not writable on the node`);
      }),
  },
];

function checkInside(
  found: Fact<NodeFound>,
  container: Fact<ProbeContainer>,
  checkFacts: (seen: NodeFound['container'], probed: ProbeContainer) => CheckResult,
): CheckResult {
  return checkIfKnown(found, NO_ANSWER, (node) =>
    checkIfKnown(container, 'not checked: there is no container', (probed) =>
      node.container.isStarted
        ? checkFacts(node.container, probed)
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

export interface UserJobSeen {
  readonly jobId: string;
  readonly user: string;
  readonly stateWord: string;
  readonly exitCode: number | undefined;
}

interface UserSeen {
  readonly job: Fact<UserJobSeen>;
}

export const USER_CHECKS: readonly Check<UserSeen>[] = [
  {
    id: 'user-job',
    question: 'Does a job of this user find its configuration and agent, and does the server accept its key?',
    fix: 'As this user, correct what the message names; docs/shared-service.md lists what each user needs',
    check: ({ job }) => checkFact(job, checkJob),
  },
];

/** The task of the job does not exist, so the gate is closed to it: it is the last thing that can fail before a task. */
function checkJob({ jobId, user, stateWord, exitCode }: UserJobSeen): CheckResult {
  if (exitCode === JOB_EXIT_CODES.gateClosed.code)
    return passed(`job ${jobId} ran as ${user}, and found its configuration, an agent and the server`);
  const known = exitCode === undefined ? undefined : findJobExit(exitCode);
  if (known === undefined)
    return failed(`job ${jobId} as ${user} ended ${stateWord} (exit code ${exitCode ?? 'unknown'})`);
  return failed(`job ${jobId} as ${user}: ${known.meaning} ${known.advice}`.replace(/\.$/, ''));
}
