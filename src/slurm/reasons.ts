// Why a job waits or ended: the table of all reasons of Slurm, with an explanation and advice.
import { explainLimit } from './limit-reasons.ts';
import type { Reason } from './reason.ts';

const ASK_ADMINS = 'Ask the cluster admins.';
const FIX_REQUEST = 'Abort the task, change what it asks for, and enqueue it again.';

/** Slurm's reasons (job_state_reason.c, 20.11 to 26.05); limits are in limit-reasons.ts. */
const REASONS = {
  None: { class: 'waits', says: 'Slurm has not considered it yet' },
  Priority: { class: 'waits', says: 'jobs of higher priority are before it' },
  Resources: { class: 'waits', says: 'it is next, and waits for free nodes' },
  BeginTime: {
    class: 'waits',
    says: 'it has a start time; Slurm also sets one two minutes ahead when it requeues a job',
  },
  Prolog: { class: 'waits', says: 'its nodes are being prepared (the prolog runs)' },
  Cleaning: { class: 'waits', says: 'its last run is still being cleaned up' },
  SchedDefer: { class: 'waits', says: 'Slurm starts jobs in batches and will come to it' },
  Licenses: { class: 'waits', says: 'all licenses it asks for are in use' },
  Dependency: { class: 'waits', says: 'it waits for other jobs that it depends on' },
  Reservation: { class: 'waits', says: 'its reservation has not begun, or is full' },
  ReqNodeNotAvail: { class: 'waits', says: 'nodes it could run on are down, reserved or in maintenance' },
  JobArrayTaskLimit: { class: 'waits', says: 'its job array runs as many tasks at once as it may' },
  FedJobLock: { class: 'waits', says: 'another cluster of the federation is about to start it' },
  MpiPortsBusy: { class: 'waits', says: 'the ports it needs for MPI are in use' },
  NvidiaImexChannels: { class: 'waits', says: 'all NVIDIA IMEX channels are in use' },
  MaxPoweredUpNodes: { class: 'waits', says: 'as many nodes are powered up as may be' },
  PowerNotAvail: { class: 'waits', says: 'the cluster has no power to spare for it' },
  PowerReserved: { class: 'waits', says: 'the power it would need is reserved' },
  BurstBufferResources: { class: 'waits', says: 'the burst buffer is full' },
  BurstBufferStageIn: { class: 'waits', says: 'its files are being copied to the burst buffer' },
  BlockFreeAction: { class: 'waits', says: 'its block of nodes is being freed' },

  JobHeldUser: { class: 'needs-a-human', says: 'it is held', advice: 'Release it with "scontrol release JOBID".' },
  JobHeldAdmin: {
    class: 'needs-a-human',
    says: 'an admin holds it',
    advice: `Only an admin can release it. ${ASK_ADMINS}`,
  },
  JobHoldMaxRequeue: {
    class: 'needs-a-human',
    says: 'it was started and requeued too often and is now held',
    advice: `Its nodes or their prolog fail. ${ASK_ADMINS}`,
  },
  PartitionDown: { class: 'needs-a-human', says: 'its partition is down', advice: ASK_ADMINS },
  PartitionInactive: { class: 'needs-a-human', says: 'its partition is inactive', advice: ASK_ADMINS },
  NodeDown: { class: 'needs-a-human', says: 'a node it needs is down', advice: ASK_ADMINS },
  FrontEndDown: { class: 'needs-a-human', says: 'no front-end node is up', advice: ASK_ADMINS },
  BlockMaxError: { class: 'needs-a-human', says: 'its block of nodes failed too often', advice: ASK_ADMINS },
  QOSUsageThreshold: {
    class: 'needs-a-human',
    says: 'your account has used more than its share, and this QOS does not take its jobs until that has aged',
    advice: 'Wait, or use another QOS.',
  },
  BurstBufferOperation: { class: 'needs-a-human', says: 'the burst buffer reported an error', advice: ASK_ADMINS },
  ReservationDeleted: {
    class: 'needs-a-human',
    says: 'its reservation was deleted and it is held',
    advice: FIX_REQUEST,
  },
  ReservationInvalid: {
    class: 'needs-a-human',
    says: 'its reservation is not valid, or no longer valid, and it is held',
    advice: FIX_REQUEST,
  },
  JobLaunchFailure: {
    class: 'needs-a-human',
    says: 'it could not be launched on its nodes',
    advice: `Their prolog, file system or user database may be broken. ${ASK_ADMINS}`,
  },
  SystemFailure: { class: 'needs-a-human', says: 'Slurm or one of its nodes failed', advice: ASK_ADMINS },

  PartitionTimeLimit: {
    class: 'never-runs',
    says: 'it asks for more time than its partition allows',
    advice: 'Lower --time, or choose another --partition.',
  },
  PartitionNodeLimit: {
    class: 'never-runs',
    says: 'it asks for more (or fewer) nodes than its partition allows',
    advice: 'Change --nodes, or choose another --partition.',
  },
  PartitionConfig: {
    class: 'never-runs',
    says: 'its partition cannot provide what it asks for',
    advice: 'Ask for less, or choose another --partition.',
  },
  BadConstraints: {
    class: 'never-runs',
    says: 'no node has what it asks for',
    advice: 'Change --constraint, --gres, --mem, --cpus-per-task or --nodes: "sinfo -N -l" shows what nodes have.',
  },
  Constraints: {
    class: 'never-runs',
    says: 'no node has what it asks for',
    advice: 'Change --constraint or --prefer: "sinfo -N -l" shows what nodes have.',
  },
  DependencyNeverSatisfied: {
    class: 'never-runs',
    says: 'a job that it depends on has failed, so this one never starts',
    advice: FIX_REQUEST,
  },
  InvalidAccount: {
    class: 'never-runs',
    says: 'its account is not valid here',
    advice: 'Change --account: "sacctmgr show associations user=$USER" lists yours.',
  },
  AccountNotAllowed: {
    class: 'never-runs',
    says: 'its account or group may not use this partition',
    advice: 'Change --account or --partition.',
  },
  InvalidQOS: { class: 'never-runs', says: 'its QOS is not valid here', advice: 'Change --qos.' },
  QOSNotAllowed: {
    class: 'never-runs',
    says: 'its QOS may not be used in this partition or with this account',
    advice: 'Change --qos or --partition.',
  },
  MaxMemPerLimit: {
    class: 'never-runs',
    says: 'it asks for more memory a CPU or node than is allowed',
    advice: 'Lower --mem or --mem-per-cpu.',
  },

  NonZeroExitCode: { class: 'ended', says: 'its script ended with an exit code other than 0' },
  RaisedSignal: { class: 'ended', says: 'a signal ended it' },
  TimeLimit: { class: 'ended', says: 'it reached its time limit', advice: 'Raise --time.' },
  OutOfMemory: { class: 'ended', says: 'it used more memory than it requested', advice: 'Raise --mem.' },
  DeadLine: { class: 'ended', says: 'its deadline passed' },
  InactiveLimit: { class: 'ended', says: 'it was inactive for longer than allowed' },
} as const satisfies Readonly<Record<string, Reason>>;

/** Reasons that Slurm writes as sentences, by their beginning. */
const SENTENCES: readonly (readonly [RegExp, Reason])[] = [
  [
    /^Nodes required for job are DOWN/,
    { class: 'waits', says: 'the nodes it needs are down, drained, or kept for jobs of higher priority' },
  ],
  [/^launch fail/, REASONS.JobLaunchFailure],
  [/^Unable to load job (batch script|environment)/, REASONS.SystemFailure],
  [/^(job requeued in held state|user env retrieval failed requeued held)/, REASONS.JobHeldUser],
  [/^Reservation .* was deleted/, REASONS.ReservationDeleted],
  [/^Reservation .* is invalid/, REASONS.ReservationInvalid],
  [/^Reservation .* has ended/, { class: 'ended', says: 'the reservation that it ran in has ended' }],
  [/^uid \d+ not in group permitted/, REASONS.AccountNotAllowed],
  [/^Job is at or exceeds/, { class: 'ended', says: 'it used up what its account or QOS may use' }],
  [/^burst buffer/i, REASONS.BurstBufferOperation],
  // Slurm sends this signal if it cannot open the output file of the job.
  [
    /^RaisedSignal:53\b/,
    {
      class: 'ended',
      says: 'its output file could not be opened on the node',
      advice: 'Set --output to a path in a directory that exists there.',
    },
  ],
];

/**
 * Explains a reason. An unknown one is passed on, because Slurm's text is better than none.
 * @param reason as squeue, sacct or scontrol print it; undefined if there is none
 */
export function explainReason(reason: string | undefined): Reason {
  const text = reason ?? 'None';
  // scontrol of some releases prints spaces as underscores; no reason contains underscores.
  const plain = text.replaceAll('_', ' ');
  const sentence = SENTENCES.find(([pattern]) => pattern.test(plain));
  if (sentence !== undefined) return sentence[1];

  const word = /^\w+/.exec(plain)?.[0] ?? '';
  if (isKnown(word)) return REASONS[word];
  return explainLimit(word) ?? { class: 'waits', says: `Slurm's reason is "${plain}"` };
}

function isKnown(word: string): word is keyof typeof REASONS {
  return Object.hasOwn(REASONS, word);
}
