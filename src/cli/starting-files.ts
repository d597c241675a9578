// The first template and settings for one cluster, written from what it told of itself; each value says where it came from. Pure.
import { readAmount } from '../base/slurm-amount.ts';
import type { Association } from '../slurm/sacctmgr.ts';
import type { Partition } from '../slurm/sinfo.ts';

export interface Site {
  readonly clusterName: string;
  readonly version: string;
  /** Those with a usable node. */
  readonly partitions: readonly Partition[];
  readonly partition: Partition;
  readonly isPartitionChosen: boolean;
  readonly accounts: readonly Association[];
  /** Typed; else sacctmgr's. */
  readonly account: string | undefined;
}

/** Slurm's own names never hold more; a name that does would not be one word of a directive. */
const PLAIN = /^[\w.+-]+$/;

export function isPlainName(name: string): boolean {
  return PLAIN.test(name);
}

const USUAL = { seconds: 4 * 3600, time: '04:00:00', cpus: 4, memoryMb: 8192 } as const;

export function startingTemplate(site: Site): string {
  const { partition, clusterName, version } = site;
  return [
    '#!/bin/bash',
    `# Written by clearml-agent-slurm init for cluster ${clusterName}, Slurm ${version}. It is yours: change what you like.`,
    '# What stands in ${…} is a user property of the task, and behind the colon its default.',
    '#SBATCH --job-name=clearml_task_${CLEARML_TASK.id}',
    '# In the folder where the daemon was started; nodes must see it.',
    '#SBATCH --output=clearml-%j.log',
    ...partitionLines(site),
    ...accountLines(site),
    ...timeLines(partition),
    '#SBATCH --nodes=1',
    `# A node of ${partition.name} has up to ${partition.cpus} CPUs, says sinfo.`,
    `#SBATCH --cpus-per-task=${property('cpus', String(Math.max(1, Math.min(USUAL.cpus, partition.cpus))))}`,
    ...memoryLines(partition),
    ...gpuLines(partition),
    '',
    '${CLEARML_PRE_SETUP}',
    '${CLEARML_AGENT_EXECUTE}',
    '${CLEARML_POST_SETUP}',
    '',
  ].join('\n');
}

function property(name: string, usual: string): string {
  return `\${CLEARML_TASK.hyperparams.properties.${name}.value:${usual}}`;
}

function partitionLines({ partitions, partition, isPartitionChosen }: Site): string[] {
  const others = partitions.filter(({ name }) => name !== partition.name).map(({ name }) => name);
  const why = isPartitionChosen
    ? 'As you typed it.'
    : partition.isDefault
      ? 'The default partition, says sinfo.'
      : 'The first partition with a usable node, says sinfo: there is no default one.';
  const rest = others.length === 0 ? '' : ` Others: ${others.join(', ')}.`;
  return [`# ${why}${rest}`, `#SBATCH --partition=${property('partition', partition.name)}`];
}

function accountLines({ accounts, account }: Site): string[] {
  if (account !== undefined) return ['# As you typed it.', `#SBATCH --account=${account}`];
  const names = [...new Set(accounts.map((one) => one.account))];
  const usual = accounts.find(({ isDefault, account: name }) => isDefault && isPlainName(name))?.account;
  if (usual === undefined) return [];
  const others = names.filter((name) => name !== usual);
  const rest = others.length === 0 ? '' : ` Others of yours: ${others.join(', ')}.`;
  return [`# Your default account, says sacctmgr.${rest}`, `#SBATCH --account=${usual}`];
}

function timeLines({ name, timeLimit }: Partition): string[] {
  const limit = readAmount(timeLimit, 'duration') ?? Infinity;
  const says = limit === Infinity ? 'no limit' : `a limit of ${timeLimit}`;
  const usual = limit < USUAL.seconds ? timeLimit : USUAL.time;
  return [`# ${name} has ${says}, says sinfo.`, `#SBATCH --time=${property('walltime', usual)}`];
}

/** Where a node's memory is not set up, Slurm takes it for 1 MB, and would refuse any job that names more. */
function memoryLines({ name, memoryMb }: Partition): string[] {
  if (memoryMb <= 1) return [`# No --mem: Slurm is not told how much memory the nodes of ${name} have.`];
  const usual = Math.min(USUAL.memoryMb, memoryMb);
  return [
    `# A node of ${name} has up to ${memoryMb} MB, says sinfo.`,
    `#SBATCH --mem=${property('memory', `${usual}M`)}`,
  ];
}

function gpuLines({ name, gres }: Partition): string[] {
  const gpus = gres.filter((kind) => kind === 'gpu' || kind.startsWith('gpu:'));
  if (gpus.length === 0) return [`# No GPUs: sinfo shows none in ${name}.`];
  return [`# Nodes of ${name} have ${gpus.join(', ')}, says sinfo.`, `#SBATCH --gres=gpu:${property('gpus', '1')}`];
}

/** @param included the clearml.conf with server and keys, where there is one */
export function startingSettings(queue: string, templateFile: string, included: string | undefined): string {
  return [
    '# Written by clearml-agent-slurm init. It is yours: change what you like; docs/configuration.md has every setting.',
    ...(included === undefined
      ? ['# Server and keys are to be found elsewhere: no clearml.conf was there when this was written.']
      : ['# Server and keys.', `include ${JSON.stringify(included)}`]),
    'agent.slurm {',
    `  queues: [${JSON.stringify(queue)}]`,
    '  # Relative to this file.',
    `  template_files: [${JSON.stringify(templateFile)}]`,
    '  # A folder that login node and nodes have under the same path. With it the agent is installed once, not once a job.',
    '  # shared_dir: /path/that/nodes/see',
    '}',
    '',
  ].join('\n');
}
