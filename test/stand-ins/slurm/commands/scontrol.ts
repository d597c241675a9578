// The stand-in's scontrol: the cluster's settings, a job's record, and the few verbs that change a job.
import { STAND_IN_VERSION, type StandInSettings } from '../settings.ts';
import { formatDuration } from '../durations.ts';
import { endTime, formatTime } from './formatting.ts';
import { type StandInJob } from '../job.ts';
import { formatNodes, listNodes } from '../node-list.ts';
import { mayManage, shownTo, type ClusterView } from './cluster-view.ts';
import { CommandLineError, readCommandLine, type Option } from '../options.ts';
import type { CommandCall, CommandReply } from '../wire.ts';

const OPTIONS: readonly Option[] = [
  { long: 'oneliner', short: 'o' },
  { long: 'details', short: 'd' },
];

export function scontrol(call: CommandCall, cluster: ClusterView): CommandReply {
  const { controller, settings } = cluster;
  const { options, rest } = readCommandLine('scontrol', call.args, OPTIONS);
  const [verb = '', what = '', ...more] = rest;
  switch (verb) {
    case 'ping':
      return printed('Slurmctld(primary) at the stand-in is UP\n');
    case 'show':
      if (what === 'config') return printed(showConfig(settings));
      if (what === 'hostnames') return showHostnames(more[0] ?? call.environment['SLURM_JOB_NODELIST'] ?? '');
      if (what === 'job') return showJobs(call, shownTo(call, cluster), more[0], options.has('oneliner'));
      break;
    case 'hold':
    case 'release':
    case 'requeue': {
      const id = Number(what);
      const job = controller.find(id);
      if (job === undefined) return fails(`Invalid job id specified for job ${what}`);
      if (!mayManage(call, job)) return denies(verb, what);
      if (verb === 'requeue')
        return controller.requeue(id) ? printed('') : fails('Requested operation is presently disabled');
      controller[verb](id);
      return printed('');
    }
  }
  throw new CommandLineError(`scontrol: error: this stand-in has no "${rest.join(' ')}"\n`, 1);
}

function showConfig(settings: StandInSettings): string {
  const seconds = (ms: number): string => `${Math.ceil(ms / 1000)} sec`;
  const values = {
    AccountingStorageType: settings.hasAccounting ? 'accounting_storage/slurmdbd' : '(null)',
    ClusterName: settings.clusterName,
    PrivateData: settings.hidesJobs ? 'jobs' : 'none',
    KillWait: seconds(settings.killWaitMs),
    MaxJobCount: String(settings.maxJobCount),
    MessageTimeout: seconds(settings.messageTimeoutMs),
    MinJobAge: seconds(settings.minJobAgeMs),
    SLURM_VERSION: STAND_IN_VERSION,
  };
  const lines = Object.entries(values).map(([name, value]) => `${name.padEnd(23)} = ${value}\n`);
  return `Configuration data of a stand-in for Slurm\n${lines.join('')}`;
}

function showHostnames(list: string): CommandReply {
  return printed(
    listNodes(list)
      .map((node) => `${node}\n`)
      .join(''),
  );
}

function showJobs(
  call: CommandCall,
  jobs: readonly StandInJob[],
  id: string | undefined,
  onOneLine: boolean,
): CommandReply {
  const shown = id === undefined ? jobs : jobs.filter((job) => String(job.id) === id);
  if (id !== undefined && shown.length === 0) return fails('Invalid job id specified');
  if (shown.length === 0) return printed('No jobs in the system\n');
  const separator = onOneLine ? ' ' : '\n   ';
  const end = onOneLine ? '\n' : '\n\n';
  return printed(shown.map((job) => `${recordOf(job, call.environment).join(separator)}${separator}${end}`).join(''));
}

/** In the order and lines of the real one: the owner's texts are at the same place. */
function recordOf(job: StandInJob, environment: CommandCall['environment']): string[] {
  const time = (at: number | null): string => formatTime(at, environment, 'Unknown');
  return [
    `JobId=${job.id} JobName=${job.name}`,
    `UserId=${job.user}(${job.uid}) GroupId=${job.user}(${job.uid}) MCS_label=N/A`,
    `JobState=${job.state} Reason=${job.reason.replaceAll(' ', '_')} Dependency=(null)`,
    `Requeue=${job.mayRequeue ? 1 : 0} Restarts=${job.restarts} BatchFlag=1 Reboot=0 ExitCode=${job.exitCode}:${job.exitSignal}`,
    `RunTime=00:00:00 TimeLimit=${formatDuration(job.timeLimitMs)} TimeMin=N/A`,
    `SubmitTime=${time(job.submittedAt)}`,
    `StartTime=${time(job.startedAt)} EndTime=${time(endTime(job))}`,
    `Partition=${job.partition}`,
    'ReqNodeList=(null) ExcNodeList=(null)',
    `NodeList=${formatNodes(job.nodes)}`,
    `NumNodes=${job.nodeCount} NumCPUs=${job.taskCount * job.cpusPerTask} NumTasks=${job.taskCount} CPUs/Task=${job.cpusPerTask}`,
    'MinCPUsNode=1 MinMemoryNode=0 MinTmpDiskNode=0',
    'Command=(null)',
    `WorkDir=${job.workDir}`,
    ...(job.comment === '' ? [] : [`Comment=${job.comment} `]),
    `StdErr=${job.stderrPath}`,
    'StdIn=/dev/null',
    `StdOut=${job.stdoutPath}`,
  ];
}

function printed(stdout: string): CommandReply {
  return { exitCode: 0, stdout, stderr: '' };
}

function denies(verb: string, id: string): CommandReply {
  const stderr =
    verb === 'requeue'
      ? `Access/permission denied for job ${id}\n`
      : `Invalid user id for job ${id}\nslurm_suspend error: Invalid user id\n`;
  return { exitCode: 1, stdout: '', stderr };
}

function fails(words: string): CommandReply {
  return { exitCode: 1, stdout: '', stderr: `slurm_load_jobs error: ${words}\n` };
}
