// Classifies a failed sbatch by Slurm's error messages, and finds the options that they are about. Only this file reads them.
import { oneLine } from './errors.ts';
import { explainReason } from './reasons/explain-reason.ts';

/** As in `SubmitOutcome`; only `unknown` may have left a job. */
export type SubmitFailure = 'rejected' | 'backpressure' | 'unavailable' | 'unknown';

const POLICY = "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)";

/** What a backpressure message says of other jobs. */
interface Backpressure {
  /** It depends on the partition, account, QOS, reservation or licenses of the job: a job of another queue may be accepted. */
  readonly isOfQueue?: true;
  /** It lasts until a job ends, unlike a pause of the controller. */
  readonly isUntilJobEnds?: true;
}

const BACKPRESSURE: Readonly<Record<string, Backpressure>> = {
  'Job can not start due to maintenance reservation.': { isOfQueue: true },
  [POLICY]: { isOfQueue: true, isUntilJobEnds: true },
  'Licenses currently unavailable': { isOfQueue: true },
  'Max powered up nodes reached': {},
  'MaxJobCount limit reached': { isUntilJobEnds: true },
  'Partition in DOWN state': { isOfQueue: true },
  'Rate limit exceeded, please retry later': {},
  'Rate limit exceeded, please retry momentarily': {},
  'Requested account has breached requested QOS usage threshold': { isOfQueue: true },
  'Requested nodes are busy': { isOfQueue: true },
  'Requested reservation is in use': { isOfQueue: true },
  'Requested reservation not usable now': { isOfQueue: true },
  'Required node not available (down, drained or reserved)': { isOfQueue: true },
  'Required partition not available (inactive or drain)': { isOfQueue: true },
  'Required ports are in use': { isOfQueue: true },
  // The system's text for "temporarily unable to accept job" after sbatch gave up retrying.
  'Resource temporarily unavailable': {},
  'System submissions disabled': {},
  'Unable to create job record, try again': {},
};

/**
 * The errors of the controller, as sbatch prints them after `Batch job submission failed:` (slurm_errno.c, 20.11 to 26.05).
 * A message that is not listed means `unknown`, in particular a connection that broke after the job was sent.
 */
export const CONTROLLER_RESPONSES: Readonly<Record<Exclude<SubmitFailure, 'unknown'>, readonly string[]>> = {
  rejected: [
    'Access denied to requested reservation',
    'Access/permission denied',
    'Burst Buffer permission denied',
    'Burst Buffer request invalid',
    'Burst Buffer resource limit exceeded',
    'CPU count specification invalid',
    'Cannot request more threads per core than the job allocation',
    'Circular job dependency',
    'Container support is not configured',
    'Current SwitchType does not permit arbitrary task distribution',
    'Duplicate generic resource (gres) specification',
    'Duplicate job id',
    'Environment is missing in job',
    'Immediate execution impossible, insufficient priority',
    'Immediate execution impossible, resources too fragmented for allocation',
    'Insufficient GRES available in allocation',
    'Invalid --nice value',
    'Invalid GRES specification (with and without type identification)',
    'Invalid KNL configuration (MCDRAM or NUMA option)',
    'Invalid QOS specification, relative QOS can only be used in a single partition per cluster.',
    'Invalid Trackable RESource (TRES) specification',
    'Invalid account or account/partition combination specified',
    'Invalid accounting frequency requested',
    'Invalid cluster feature specification',
    'Invalid cluster name',
    'Invalid container id specified',
    'Invalid extra constraints specification',
    'Invalid feature specification',
    'Invalid generic resource (gres) specification',
    'Invalid group id',
    'Invalid job array specification',
    'Invalid license specification',
    'Invalid mcs_label specified',
    'Invalid node name specified',
    'Invalid or unknown association',
    'Invalid partition name specified',
    'Invalid preferred feature specification',
    'Invalid qos specification',
    "Invalid time-min specification (exceeds job's time or other limits)",
    'Invalid time specified',
    'Invalid user ID',
    'Invalid user id',
    'Invalid wckey specification',
    'Job --batch option is invalid or not a subset of --constraint',
    'Job --batch option is invalid or not a subset of --constraints',
    'Job cannot be submitted without the current working directory specified.',
    'Job dependency problem',
    'Job script not specified',
    'Job size specification needs to be provided',
    'Memory required by task is not available',
    'More processors requested than permitted',
    'Multiple KNL NUMA and/or MCDRAM constraints require use of a heterogeneous job',
    'Multiple partition job request not supported when a partition is set in the association',
    'No eligible clusters for federated job',
    'No partition specified or system default partition',
    'Node count specification invalid',
    'Only batch jobs are accepted or processed',
    'Pathname of a file, directory or other parameter too long',
    'Preemption is required but is disabled on this system',
    'Rejecting authentication of user nobody or group nobody',
    'Requested GRES option unsupported by configured SelectType plugin',
    'Requested more tasks than available processors',
    'Requested node configuration is not available',
    'Requested nodes not in this partition',
    'Requested operation is presently disabled',
    'Requested operation not supported on this system',
    'Requested partition configuration not available now',
    'Requested reservation is invalid',
    'Requested time limit is invalid (missing or exceeds some limit)',
    'Requested topology configuration is not available',
    'Requires more ports than can be reserved',
    'RestrictedCoresPerGPU: Missing core topology for GPUs',
    'RestrictedCoresPerGPU: No GPUs configured on node',
    'RestrictedCoresPerGPU: Not enough unique cores per GPU',
    'Task count specification invalid',
    'Task distribution specification invalid',
    'Time limit specification required, but not provided',
    "User's group not permitted to use this partition",
    'X11 forwarding not available',
  ],
  backpressure: Object.keys(BACKPRESSURE),
  unavailable: [
    "Can't find an address, check slurm.conf",
    'Communication connection failure',
    'Connection refused',
    'Connection timed out establishing',
    'Controller is in standby mode, try a different controller',
    'Failed to connect to authentication agent',
    'I/O error writing script/environment to file',
    'Network is unreachable',
    'No route to host',
    'Slurm backup controller in standby mode',
    'TLS missing but required for connection',
    'Unable to connect to database',
    'Unable to contact slurm controller (connect failure)',
  ],
};

const MEANING = new Map(
  Object.entries(CONTROLLER_RESPONSES).flatMap(([failure, texts]) =>
    texts.map((text) => [text, failure as SubmitFailure]),
  ),
);

const ANSWER = /^sbatch: error: Batch job submission failed: (.*)$/m;

/** The message is signed before it is sent: without munge on this side, nothing is sent. */
const UNSIGNED = /^sbatch: error: Munge encode failed/m;

const FATAL = /^sbatch: fatal: (.*)$/m;
/** Of a malformed directive, a script that is too long and, since 24.05, a malformed --nodelist. */
const MALFORMED = /Unmatched|Unexpected|Script|script|Invalid node list specified/;
/** Of options that exclude each other, such as `--mem, --mem-per-cpu, and --mem-per-gpu are mutually exclusive.` */
const OF_OPTIONS = /--[a-z]/;
const OF_ENVIRONMENT = /^SLURM_|environment variables|slurm\.conf/;

/** sbatch loads these plugins, and the script of cli_filter/lua, before it reads the job script. */
const BROKEN_INSTALLATION =
  /^sbatch: error: (?:Problem talking to database|Failed to initialize plugin stack|cannot create cli_filter context)/m;

/** The installation or the environment of sbatch is broken, not the script. */
function isInstallationBroken(stderr: string): boolean {
  if (BROKEN_INSTALLATION.test(stderr)) return true;
  const fatal = FATAL.exec(stderr)?.[1];
  if (fatal === undefined || MALFORMED.test(fatal)) return false;
  return OF_ENVIRONMENT.test(fatal) || !OF_OPTIONS.test(fatal);
}

/** The beginning of sbatch's own lines; getopt(3) prints the program as it was called, with its path, if any. */
const OWN = /^(?:\/\S*\/)?sbatch: /.source;
const COMPLAINT = new RegExp(`${OWN}(?:error: |fatal: |unrecognized option|option )`, 'm');
const PREFIX = new RegExp(`${OWN}(?:error: |fatal: )?(?:Batch job submission failed: )?`);

/** sbatch(1) exits with 1, or with 255 for an unknown option; any other code comes from another program. */
const OWN_EXIT_CODES: readonly (number | undefined)[] = [1, 255];

/**
 * Classifies the failure of sbatch.
 *
 * sbatch calls the controller in one place, and prints every failure there as `Batch job submission failed: …`
 * (sbatch.c). If it reports any other error and exits by itself, it had not called the controller: the script is rejected.
 */
export function parseSubmitError(exitCode: number | undefined, stderr: string): SubmitFailure {
  const answer = ANSWER.exec(stderr)?.[1]?.trim();
  if (answer !== undefined) return parseResult(answer, stderr);
  if (!OWN_EXIT_CODES.includes(exitCode) || stderr.includes('retrying')) return 'unknown';
  if (isInstallationBroken(stderr)) return 'unavailable';
  return COMPLAINT.test(stderr) ? 'rejected' : 'unknown';
}

function parseResult(answer: string, stderr: string): SubmitFailure {
  if (UNSIGNED.test(stderr)) return 'unavailable';
  const others = complaints(stderr).filter((line) => line !== answer);
  // The message of a site's job_submit plugin, which rejects without a separate error code.
  if (answer === 'Unspecified error') return others.length > 0 ? 'rejected' : 'unknown';

  const failure = MEANING.get(answer) ?? 'unknown';
  // The violated policy is followed by its name if this job alone exceeds it (DenyOnLimit in sacctmgr(1)):
  // waiting does not help, unless it is the number of jobs.
  const isTooBig = others.some((line) => explainReason(line).limits === 'size');
  return failure === 'backpressure' && isTooBig ? 'rejected' : failure;
}

/** Whether this message of `submitErrorMessage` names a limit that holds until a job ends, unlike a pause of the controller. */
export function isLimitOfJobs(message: string): boolean {
  return mentions(message, ({ isUntilJobEnds }) => isUntilJobEnds);
}

/** Whether this message of `submitErrorMessage` refuses the job because of something that jobs of other queues need not share. */
export function isLimitOfQueue(message: string): boolean {
  return mentions(message, ({ isOfQueue }) => isOfQueue);
}

function mentions(message: string, isSuch: (backpressure: Backpressure) => boolean | undefined): boolean {
  return Object.entries(BACKPRESSURE).some(([text, its]) => isSuch(its) === true && message.includes(text));
}

/** Whether this message of `submitErrorMessage` names a limit that each user, or each association, has separately. */
export function isLimitOfUser(message: string): boolean {
  return message.includes(POLICY) && !/Grp|PerAccount/.test(message);
}

/** Slurm's message in the stderr of sbatch, on one line, without the prefix of every line. */
export function submitErrorMessage(stderr: string): string {
  return oneLine(complaints(endsOf(stderr)).join('; '));
}

/** A wrapper or plugin may print without end, so only a line is shown. The whole text is used for the classification. */
const END_LENGTH = 64 * 1024;

function endsOf(text: string): string {
  return text.length <= 2 * END_LENGTH ? text : `${text.slice(0, END_LENGTH)}\n${text.slice(-END_LENGTH)}`;
}

function complaints(stderr: string): string[] {
  return stderr
    .split('\n')
    .map((line) => line.replace(PREFIX, '').trim())
    .filter((line) => line !== '' && !line.startsWith('Try "sbatch --help"'));
}

/** The options that messages of slurm_errno.c and of sbatch itself are about, 20.11 to 26.05. */
const ABOUT: readonly (readonly [pattern: RegExp, option: string])[] = [
  [/\baccount\b|association/i, '--account'],
  [/partition/i, '--partition'],
  [/\bqos\b/i, '--qos'],
  [/time limit|size and\/or time limits|MaxWall|TimeLimit/i, '--time'],
  [/time-min/, '--time-min'],
  [/memory|MaxMem/i, '--mem'],
  [/node count|node configuration|MaxNode/i, '--nodes'],
  [/node configuration|feature specification/i, '--constraint'],
  [/node configuration|\bgres\b|generic resource/i, '--gres'],
  [/node configuration|CPU count|processors|MaxCpu/i, '--cpus-per-task'],
  [/task count|more tasks than/i, '--ntasks'],
  [/node name/i, '--nodelist'],
  [/reservation/i, '--reservation'],
  [/license/i, '--licenses'],
  [/dependency/i, '--dependency'],
];

/** Options that sbatch itself names: `unrecognized option '--container-image=x'`, `Invalid --time specification`. */
const NAMED = /(?:option '|Invalid )(--[a-z][a-z-]*)/;

/** The options, the most likely one first; empty if the message does not indicate any. */
export function refusedOptions(message: string): string[] {
  const named = NAMED.exec(message)?.[1];
  return named === undefined ? ABOUT.flatMap(([pattern, option]) => (pattern.test(message) ? [option] : [])) : [named];
}
