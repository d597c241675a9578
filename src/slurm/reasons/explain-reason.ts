// Why a job waits or ended: the table of all reasons of Slurm, with an explanation and advice.
import { explainLimitReason, type Reason } from './explain-limit-reason.ts';

const ASK_ADMINS = 'Ask the cluster admins.';
const FIX_REQUEST = 'Abort the task, change the request, and enqueue it again.';

/** Slurm's reasons (job_state_reason.c, 20.11 to 26.05); limits are in explain-limit-reason.ts. */
const REASONS = {
  None: { class: 'waits', explanation: 'Slurm has not considered it yet' },
  Priority: { class: 'waits', explanation: 'jobs of higher priority are ahead of it' },
  Resources: { class: 'waits', explanation: 'it is next, and waits for free nodes' },
  BeginTime: {
    class: 'waits',
    explanation: 'its earliest start time is in the future; after a requeue, Slurm delays the start by two minutes',
  },
  Prolog: { class: 'waits', explanation: 'its nodes are being prepared (the prolog runs)' },
  Cleaning: { class: 'waits', explanation: 'its previous run is still being cleaned up' },
  SchedDefer: { class: 'waits', explanation: 'Slurm starts jobs in batches and has not reached it yet' },
  Licenses: { class: 'waits', explanation: 'all licenses it requests are in use' },
  Dependency: { class: 'waits', explanation: 'it waits for other jobs that it depends on' },
  Reservation: { class: 'waits', explanation: 'its reservation has not begun, or is full' },
  ReqNodeNotAvail: {
    class: 'waits',
    explanation: 'the nodes that it could run on are down, reserved or in maintenance',
  },
  JobArrayTaskLimit: { class: 'waits', explanation: 'its job array already runs its maximum number of tasks' },
  FedJobLock: { class: 'waits', explanation: 'another cluster of the federation is about to start it' },
  MpiPortsBusy: { class: 'waits', explanation: 'the ports that it needs for MPI are in use' },
  NvidiaImexChannels: { class: 'waits', explanation: 'all NVIDIA IMEX channels are in use' },
  MaxPoweredUpNodes: { class: 'waits', explanation: 'the maximum number of nodes is powered up' },
  PowerNotAvail: { class: 'waits', explanation: 'the cluster does not have enough power for it' },
  PowerReserved: { class: 'waits', explanation: 'the power that it needs is reserved' },
  BurstBufferResources: { class: 'waits', explanation: 'the burst buffer is full' },
  BurstBufferStageIn: { class: 'waits', explanation: 'its files are being copied to the burst buffer' },
  BlockFreeAction: { class: 'waits', explanation: 'its block of nodes is being freed' },

  JobHeldUser: {
    class: 'needs-a-human',
    explanation: 'it is held',
    advice: 'Release the job with "scontrol release JOBID".',
  },
  JobHeldAdmin: {
    class: 'needs-a-human',
    explanation: 'an admin holds it',
    advice: `Only an admin can release the job. ${ASK_ADMINS}`,
  },
  JobHoldMaxRequeue: {
    class: 'needs-a-human',
    explanation: 'it was requeued too often, so Slurm holds it',
    advice: `Its nodes or their prolog fail. Only an admin can release the job. ${ASK_ADMINS}`,
  },
  PartitionDown: { class: 'needs-a-human', explanation: 'its partition is down', advice: ASK_ADMINS },
  PartitionInactive: { class: 'needs-a-human', explanation: 'its partition is inactive', advice: ASK_ADMINS },
  NodeDown: { class: 'needs-a-human', explanation: 'a node that it needs is down', advice: ASK_ADMINS },
  FrontEndDown: { class: 'needs-a-human', explanation: 'no front-end node is up', advice: ASK_ADMINS },
  BlockMaxError: { class: 'needs-a-human', explanation: 'its block of nodes failed too often', advice: ASK_ADMINS },
  QOSUsageThreshold: {
    class: 'needs-a-human',
    explanation:
      "your account has used more than its share, so this QOS refuses the account's jobs until the recorded usage has decayed",
    advice: 'Wait, or use another QOS.',
  },
  BurstBufferOperation: {
    class: 'needs-a-human',
    explanation: 'the burst buffer reported an error',
    advice: ASK_ADMINS,
  },
  ReservationDeleted: {
    class: 'needs-a-human',
    explanation: 'its reservation was deleted, so Slurm holds the job',
    advice: FIX_REQUEST,
  },
  ReservationInvalid: {
    class: 'needs-a-human',
    explanation: 'its reservation is no longer valid, so Slurm holds the job',
    advice: FIX_REQUEST,
  },
  JobLaunchFailure: {
    class: 'needs-a-human',
    explanation: 'it could not be launched on its nodes',
    advice: `The prolog, file system or user database of these nodes may be broken. ${ASK_ADMINS}`,
  },
  SystemFailure: { class: 'needs-a-human', explanation: 'Slurm or one of its nodes failed', advice: ASK_ADMINS },

  PartitionTimeLimit: {
    class: 'never-runs',
    explanation: 'it requests more time than its partition allows',
    advice: 'Lower --time, or choose another --partition.',
  },
  PartitionNodeLimit: {
    class: 'never-runs',
    explanation: 'it requests more (or fewer) nodes than its partition allows',
    advice: 'Change --nodes, or choose another --partition.',
  },
  PartitionConfig: {
    class: 'never-runs',
    explanation: 'its partition cannot provide what it requests',
    advice: 'Request less (--nodes, --mem, --cpus-per-task), or choose another --partition.',
  },
  BadConstraints: {
    class: 'never-runs',
    explanation: 'no node has the resources that it requests',
    advice: 'Change --constraint, --gres, --mem, --cpus-per-task or --nodes: "sinfo -N -l" shows what nodes have.',
  },
  Constraints: {
    class: 'never-runs',
    explanation: 'no node has the resources that it requests',
    advice: 'Change --constraint or --prefer: "sinfo -N -l" shows what nodes have.',
  },
  DependencyNeverSatisfied: {
    class: 'never-runs',
    explanation: 'a job that it depends on has failed',
    advice: FIX_REQUEST,
  },
  InvalidAccount: {
    class: 'never-runs',
    explanation: 'its account is not valid here',
    advice: 'Change --account: "sacctmgr show associations user=$USER" lists your accounts.',
  },
  AccountNotAllowed: {
    class: 'never-runs',
    explanation: 'its account or group is not allowed to use this partition',
    advice: 'Change --account or --partition.',
  },
  InvalidQOS: { class: 'never-runs', explanation: 'its QOS is not valid here', advice: 'Change --qos.' },
  QOSNotAllowed: {
    class: 'never-runs',
    explanation: 'its QOS is not allowed in this partition or with this account',
    advice: 'Change --qos or --partition.',
  },
  MaxMemPerLimit: {
    class: 'never-runs',
    explanation: 'it requests more memory per CPU or node than is allowed',
    advice: 'Lower --mem or --mem-per-cpu.',
  },

  NonZeroExitCode: { class: 'ended', explanation: 'its script ended with an exit code other than 0' },
  RaisedSignal: { class: 'ended', explanation: 'a signal ended it' },
  TimeLimit: { class: 'ended', explanation: 'it reached its time limit', advice: 'Raise --time.' },
  OutOfMemory: { class: 'ended', explanation: 'it used more memory than it requested', advice: 'Raise --mem.' },
  DeadLine: { class: 'ended', explanation: 'its deadline passed' },
  InactiveLimit: { class: 'ended', explanation: 'it was inactive for longer than allowed' },
} as const satisfies Readonly<Record<string, Reason>>;

/**
 * Of the state SPECIAL_EXIT. After `RequeueExitHold`, Slurm's reason is JobHeldUser; if a user or an admin requeued the job with this state
 * (scontrol(1), SpecialExit), it is a sentence.
 */
export const SPECIAL_EXIT: Reason = {
  class: 'needs-a-human',
  explanation:
    "Slurm requeued it and holds it, because its script ended with an exit code that is in RequeueExitHold of the cluster's slurm.conf, or because its user or an admin requeued it so",
  advice:
    'See in the log of the job why its last run ended. Then release the job with "scontrol release JOBID" to run the task again, or abort the task.',
};

/** Reasons that Slurm writes as sentences, by their beginning. */
const SENTENCES: readonly (readonly [RegExp, Reason])[] = [
  [
    /^Nodes required for job are DOWN/,
    { class: 'waits', explanation: 'the nodes that it needs are down, drained, or kept for jobs of higher priority' },
  ],
  [
    /^launch failed requeued held/,
    {
      class: 'needs-a-human',
      explanation: 'it could not be launched on its nodes, so Slurm holds it',
      advice: `The prolog, file system or user database of these nodes may be broken. ${ASK_ADMINS} Then release the job with "scontrol release JOBID".`,
    },
  ],
  [/^launch failure limit exceeded/, REASONS.JobHoldMaxRequeue],
  [/^launch fail/, REASONS.JobLaunchFailure],
  [/^Unable to load job (batch script|environment)/, REASONS.SystemFailure],
  [
    /^job requeued in held state/,
    {
      class: 'needs-a-human',
      explanation: 'it was requeued with a hold, by its user, an admin or the cluster',
      advice: 'Release the job with "scontrol release JOBID" to run the task again, or abort the task.',
    },
  ],
  [/^job requeued in special exit state/, SPECIAL_EXIT],
  [
    /^user env retrieval failed/,
    {
      class: 'needs-a-human',
      explanation: 'the login environment of its Unix user could not be read on the node in time, so Slurm holds it',
      advice: 'Check the login profile of this user on the nodes. Then release the job with "scontrol release JOBID".',
    },
  ],
  [/^Reservation .* was deleted/, REASONS.ReservationDeleted],
  [/^Reservation .* is invalid/, REASONS.ReservationInvalid],
  [/^Reservation .* has ended/, { class: 'ended', explanation: 'its reservation has ended' }],
  [/^(uid \d+ not in group permitted|Job's account not (permitted|known))/, REASONS.AccountNotAllowed],
  [/^Job's QOS not (permitted|known)/, REASONS.QOSNotAllowed],
  [/^Job is at or exceeds/, { class: 'ended', explanation: 'its account or QOS has used up its limit' }],
  [/^burst buffer/i, REASONS.BurstBufferOperation],
  // Slurm sends this signal if it cannot open the output file of the job.
  [
    /^RaisedSignal:53\b/,
    {
      class: 'ended',
      explanation: 'its output file could not be opened on the node',
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
  return explainLimitReason(word) ?? { class: 'waits', explanation: `Slurm's reason is "${plain}"` };
}

function isKnown(word: string): word is keyof typeof REASONS {
  return Object.hasOwn(REASONS, word);
}
