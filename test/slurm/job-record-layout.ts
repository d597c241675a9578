// Records of jobs as scontrol lays them out, with texts of the owner's wherever Slurm prints one.
import fc from 'fast-check';
import type { JobId, JobRecord } from '../../src/slurm/scheduler.ts';

/**
 * The fields that hold text of the job's owner, as slurm_sprint_job_info() of 20.11 to 26.05 prints them. Slurm checks some of them
 * (Account, Features, Licenses …), depending on how it is set up: here each may hold anything.
 */
const OWNERS_FIELDS = [
  'JobName',
  'MCS_label',
  'Account',
  'QOS',
  'WCKey',
  'Dependency',
  'CrontabSpec',
  'Partition',
  'ReqNodeList',
  'ExcNodeList',
  'ReqTRES',
  'Features',
  'ClusterFeatures',
  'Prefer',
  'Reservation',
  'Licenses',
  'Network',
  'Command',
  'SubmitLine',
  'WorkDir',
  'AdminComment',
  'SystemComment',
  'Comment',
  'Extra',
  'StdErr',
  'StdIn',
  'BurstBuffer',
  'CpusPerTres',
  'MemPerTres',
  'TresPerNode',
  'MailUser',
  'Container',
  'SELinuxContext',
] as const;

export type OwnerTexts = Partial<Record<(typeof OWNERS_FIELDS)[number], string>>;

/** What is so, whatever the owner writes. */
export const TRUE_RECORD: { readonly id: JobId; readonly record: JobRecord } = {
  id: '7' as JobId,
  record: {
    name: 'clearml_task_0123456789abcdef0123456789abcdef-mwudl4rwabcd',
    userId: 1000,
    stateWord: 'FAILED',
    exitCode: 3,
    exitSignal: undefined,
    outputPath: '/home/ann/slurm-7.out',
    nodes: 'n1',
    timeLimit: '00:05:00',
    reason: 'NonZeroExitCode',
    restarts: 2,
    memoryLimit: '50M per node',
  },
};

/** The record of the job, in the lines of Slurm. */
export function recordText(texts: OwnerTexts): string {
  const fieldText = (field: (typeof OWNERS_FIELDS)[number]): string => `${field}=${texts[field] ?? '(null)'}`;
  const optionalField = (field: (typeof OWNERS_FIELDS)[number]): string[] =>
    texts[field] === undefined ? [] : [fieldText(field)];
  const { record } = TRUE_RECORD;
  return `${[
    `JobId=7 JobName=${texts.JobName ?? record.name}`,
    `UserId=ann(1000) GroupId=ann(1000) ${fieldText('MCS_label')}`,
    `Priority=1 Nice=0 ${fieldText('Account')} ${fieldText('QOS')} ${fieldText('WCKey')}`,
    `JobState=FAILED Reason=NonZeroExitCode ${fieldText('Dependency')}`,
    'Requeue=1 Restarts=2 BatchFlag=1 Reboot=0 ExitCode=3:0',
    'RunTime=00:00:01 TimeLimit=00:05:00 TimeMin=N/A',
    'SubmitTime=1795505467 EligibleTime=1795505467',
    'StartTime=1795505467 EndTime=1795505468 Deadline=N/A',
    ...optionalField('CrontabSpec'),
    'SuspendTime=None SecsPreSuspend=0 LastSchedEval=1795505467 Scheduler=Main',
    `${fieldText('Partition')} AllocNode:Sid=localhost:3522`,
    `${fieldText('ReqNodeList')} ${fieldText('ExcNodeList')}`,
    'NodeList=n1',
    'BatchHost=n1',
    'NumNodes=1 NumCPUs=1 NumTasks=1 CPUs/Task=1 ReqB:S:C:T=0:0:*:*',
    fieldText('ReqTRES'),
    'Socks/Node=* NtasksPerN:B:S:C=0:0:*:* CoreSpec=*',
    'MinCPUsNode=1 MinMemoryNode=50M MinTmpDiskNode=0',
    `${fieldText('Features')} DelayBoot=00:00:00`,
    ...(['ClusterFeatures', 'Prefer', 'Reservation'] as const).flatMap(optionalField),
    `OverSubscribe=OK Contiguous=0 ${fieldText('Licenses')} ${fieldText('Network')}`,
    fieldText('Command'),
    ...optionalField('SubmitLine'),
    fieldText('WorkDir'),
    ...(['AdminComment', 'SystemComment', 'Comment', 'Extra'] as const).flatMap(optionalField),
    fieldText('StdErr'),
    fieldText('StdIn'),
    'StdOut=/home/ann/slurm-7.out',
    ...(['BurstBuffer', 'CpusPerTres', 'MemPerTres', 'TresPerNode', 'MailUser', 'Container'] as const).flatMap(
      optionalField,
    ),
    ...optionalField('SELinuxContext'),
  ].join('\n   ')}\n   \n\n`;
}

/** What stands in front of a field that we read, and what a forger wants read there. */
const FORGED = [
  'StdOut=/home/daemon/clearml.conf',
  'JobState=COMPLETED Reason=None Dependency=(null)',
  'Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=0:0',
  'RunTime=00:00:00 TimeLimit=99:00:00 TimeMin=N/A',
  'NodeList=evil',
  'MinCPUsNode=1 MinMemoryNode=9G MinTmpDiskNode=0',
  'UserId=root(0) GroupId=root(0) MCS_label=N/A',
  'JobId=7 JobName=evil',
  'JobId=8 JobName=evil',
  `JobName=${TRUE_RECORD.record.name}`,
];
const piece = (): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(...FORGED),
    fc.constantFrom(
      '\n',
      '\n   ',
      '\n\n',
      ' ',
      '\t',
      '\r',
      '\r\n',
      '   ',
      '=',
      '(null)',
      '\x1f',
      '\x1e',
      '\u2028',
      '\0',
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );

/** A text of some pieces, now and then a path, in any of the owner's fields. */
export function hostileOwnerTexts(): fc.Arbitrary<OwnerTexts> {
  return fc.dictionary(
    fc.constantFrom(...OWNERS_FIELDS),
    fc.array(piece(), { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join('')),
    { maxKeys: 4 },
  );
}
