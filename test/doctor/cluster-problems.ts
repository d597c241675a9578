// Problems of a cluster and its nodes, each for one check of doctor to find.
import type { SlurmCluster } from '../support/slurm-cluster.ts';
import type { DoctorProblem } from './seed-problem.ts';

/** A problem of the cluster, which has accounting. */
export interface ClusterProblem extends DoctorProblem {
  readonly seed: (cluster: SlurmCluster, user: string) => Promise<unknown>;
  readonly mend: (cluster: SlurmCluster, user: string) => Promise<unknown>;
}

const ALL = ['debug', 'short', 'low', 'cheap'];

async function updateAll(cluster: SlurmCluster, ...changes: readonly string[]): Promise<void> {
  for (const name of ALL) await cluster.run('scontrol', 'update', `PartitionName=${name}`, ...changes);
}

export const CLUSTER_PROBLEMS: readonly ClusterProblem[] = [
  {
    check: 'partitions',
    what: 'all nodes drained',
    says: /^no partition accepts jobs of this user now: debug has no usable node;/,
    seed: (cluster) => cluster.run('scontrol', 'update', 'NodeName=ALL', 'State=DRAIN', 'Reason=disk'),
    mend: (cluster) => cluster.run('scontrol', 'update', 'NodeName=ALL', 'State=RESUME'),
  },
  {
    check: 'partitions',
    what: 'all partitions down',
    says: /^no partition accepts jobs of this user now: debug is not up;/,
    seed: (cluster) => updateAll(cluster, 'State=DOWN'),
    mend: (cluster) => updateAll(cluster, 'State=UP'),
  },
  {
    check: 'partitions',
    what: 'partitions that accept only other accounts',
    says: /^no partition accepts jobs of this user now: debug accepts none of your accounts;/,
    seed: (cluster) => updateAll(cluster, 'AllowAccounts=physics'),
    mend: (cluster) => updateAll(cluster, 'AllowAccounts=ALL'),
  },
  {
    check: 'accounts',
    what: 'a user without an account',
    says: /^this user has no Slurm account, and Slurm rejects jobs without an account$/,
    seed: (cluster, user) => cluster.run('sacctmgr', '--immediate', 'delete', 'user', user),
    mend: (cluster, user) =>
      cluster.run('sacctmgr', '--immediate', 'add', 'user', user, 'Account=lab', 'DefaultAccount=lab'),
  },
  {
    check: 'controller',
    what: 'a stopped controller',
    says: /Unable to contact slurm controller|slurm_load_ctl_conf/,
    seed: (cluster) => cluster.stopController(),
    mend: (cluster) => cluster.startController(),
  },
];

/** Faults that the probe job reports from a node. */
export const NODE_PROBLEMS = {
  noOwnConfiguration: {
    check: 'user-job',
    what: 'a user of the user map without a clearml.conf',
    says: /^job \d+ as \S+: this node has no clearml\.conf for the job\./,
  },
  noPartition: {
    check: 'probe-job',
    what: 'a partition that does not exist',
    says: /^sbatch failed: .*[Ii]nvalid partition/,
  },
  waitsForEver: {
    check: 'probe-job',
    what: 'a partition that starts no job',
    says: /^job \d+ had not ended when doctor was interrupted; doctor cancelled the job$/,
  },
  unseenFolder: {
    check: 'probe-job',
    what: 'a shared directory that the node does not see',
    says: /is not visible on this machine$/,
  },
  noServer: {
    check: 'node-server',
    what: 'no route from the node to the server',
    says: /^cannot reach http:\/\/127\.0\.0\.1:9: /,
  },
  noPython: { check: 'node-python', what: 'no Python on the node', says: /^not found$/ },
  noAgent: {
    check: 'node-agent',
    what: 'no agent on the node, and no way to install it',
    says: /^not installed, and cannot be installed: Python has no venv or no ensurepip/,
  },
  noGit: { check: 'node-git', what: 'no git on the node', says: /^not found$/ },
  noContainers: {
    check: 'node-containers',
    what: 'no container program although tasks run in images',
    says: /^neither apptainer nor singularity found$/,
  },
  noContainer: {
    check: 'container',
    what: 'an image that the registry does not have',
    says: /^nvcr\.io\/lab\/missing:1 does not start: .*404 Not Found$/,
  },
  noPythonInside: { check: 'container-python', what: 'an image without Python', says: /^Python not found$/ },
  noConfigurationInside: {
    check: 'container-configuration',
    what: 'a container that sees neither the home nor the shared directory',
    says: /^not found in the home directory/,
  },
  overQuota: {
    check: 'node-home',
    what: 'a home directory over its quota',
    says: /^over quota: Over block limit on \/home$/,
  },
} as const satisfies Record<string, DoctorProblem>;
