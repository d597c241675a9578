// Generates files that keep the daemon running, one for each method that a site may allow.
import { dirname, resolve } from 'node:path';
import type { ProcessContext } from '../assembly/process-context.ts';
import { quoteWord } from '../base/shell-word.ts';
import type { ClusterSettings } from '../config/cluster-settings.ts';
import type { Settings } from '../config/convert-settings.ts';
import { serviceVariables } from '../config/environment-variables.ts';
import { EXIT } from '../base/exit-codes.ts';

/** What a file depends on. */
export interface UnitSite {
  /** The command of the daemon, starting with Node. */
  readonly command: readonly string[];
  /** The directory of relative paths in the command. */
  readonly workingDir: string;
  /** The environment that the daemon needs; no secrets. */
  readonly variables: Readonly<Record<string, string>>;
  /** The directory of logs that no other program keeps. */
  readonly stateDir: string;
  /** Whether the daemon runs commands through sudo; false if undefined. */
  readonly usesSudo?: boolean;
  /** The partition of a job that runs the daemon; undefined: a partition with a limit of at least a day. */
  readonly job?: JobPlace;
}

/** Where a job that runs the daemon is submitted. */
export interface JobPlace {
  /** The time limit: in the format of --time, and in seconds. */
  readonly limit: { readonly text: string; readonly seconds: number };
  /** Other options, such as a partition that is not the default. */
  readonly options: readonly string[];
}

/** By KIND on the command line. */
export const UNIT_FILES = {
  systemd: systemdUnit,
  cron: cronLine,
  scrontab: scrontabLines,
  'slurm-job': slurmJob,
} as const satisfies Record<string, (site: UnitSite) => string>;

export type UnitKind = keyof typeof UNIT_FILES;

/** The file name of each kind. */
export const UNIT_FILE_NAMES: Readonly<Record<UnitKind, string>> = {
  systemd: 'clearml-agent-slurm.service',
  cron: 'crontab',
  scrontab: 'scrontab',
  'slurm-job': 'clearml-agent-slurm.sbatch',
};

/** A restart does not fix these. */
const NOT_AGAIN = [EXIT.usage, EXIT.cannotCreate, EXIT.refused, EXIT.configuration];

/**
 * What the daemon never needs, as far as a user's own systemd can take it away without user namespaces, which many sites forbid. Node
 * compiles code while it runs (no MemoryDenyWriteExecute), ssh-agents have their sockets in /tmp (no PrivateTmp), and jobs get the
 * umask of the daemon (no UMask).
 */
const HARDENING = [
  'NoNewPrivileges=yes',
  'LockPersonality=yes',
  'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
  'RestrictNamespaces=yes',
  'RestrictRealtime=yes',
  'RestrictSUIDSGID=yes',
  'SystemCallArchitectures=native',
  'SystemCallFilter=@system-service',
  'SystemCallErrorNumber=EPERM',
];

/** In place of HARDENING, each line of which sets or implies NoNewPrivileges (systemd.exec(5)). */
const HARDENING_WITH_SUDO = [
  '# agent.slurm.user_map needs sudo. Do not add NoNewPrivileges=, or options that imply it (SystemCallFilter=, Restrict*=, most',
  '# Protect*=) or limit capabilities: they disable sudo.',
];

/** What only the system instance of systemd can restrict. */
function hardeningAsService({ stateDir, usesSudo = false }: UnitSite): string[] {
  const withoutSudo = [
    'CapabilityBoundingSet=',
    'PrivateDevices=yes',
    'ProtectClock=yes',
    'ProtectHostname=yes',
    'ProtectKernelLogs=yes',
    'ProtectKernelModules=yes',
    'ProtectKernelTunables=yes',
  ];
  return [
    ...(usesSudo ? [] : withoutSudo),
    'PrivateTmp=yes',
    'ProtectControlGroups=yes',
    'ProtectHome=read-only',
    'ProtectSystem=strict',
    `ReadWritePaths=${stateDir.replaceAll('%', '%%')}`,
  ];
}

function systemdUnit(site: UnitSite): string {
  const { command, workingDir, variables, usesSudo = false } = site;
  const environment = Object.entries(variables).map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}`);
  return `# ~/.config/systemd/user/clearml-agent-slurm.service
#   systemctl --user daemon-reload
#   systemctl --user enable --now clearml-agent-slurm
#   loginctl enable-linger     keeps the daemon running after you log out; at some sites only admins may do this
# For a service account, copy this file to /etc/systemd/system, add User=, set WantedBy=multi-user.target, and uncomment the last
# lines of [Service].
[Unit]
Description=Runs ClearML tasks as Slurm jobs (clearml-agent-slurm)

[Service]
WorkingDirectory=${workingDir.replaceAll('%', '%%')}
${environment.join('\n')}
ExecStart=${command.map(systemdWord).join(' ')}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=30
# A restart does not fix the errors of these exit codes.
RestartPreventExitStatus=${NOT_AGAIN.join(' ')}
# The daemon reports to systemd that its passes continue (systemd-notify); a daemon that hangs is restarted. No task is lost.
NotifyAccess=all
WatchdogSec=300
WatchdogSignal=SIGKILL
KillMode=mixed
TimeoutStopSec=30
Nice=10
${(usesSudo ? HARDENING_WITH_SUDO : HARDENING).join('\n')}
# Uncomment these in /etc/systemd/system, and create the state directory as the service account: systemd does not create it.
#   ${makeFolder(site)}
# If agent.slurm.shared_dir is set, add it to ReadWritePaths=.
${hardeningAsService(site)
  .map((line) => `#${line}`)
  .join('\n')}

[Install]
WantedBy=default.target
`;
}

/** One argument of a command, in which $ starts a variable (systemd.service(5), COMMAND LINES). */
function systemdWord(word: string): string {
  return quoted(word).replaceAll('$', '$$$$');
}

/** One token of a unit file (systemd.syntax(7), QUOTING). */
function quoted(word: string): string {
  const escaped = word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%');
  return /^[\w@%+=:,./-]+$/.test(word) ? escaped : `"${escaped}"`;
}

function cronLine(site: UnitSite): string {
  const line = `${shellLine(site)} --once >> ${quoteWord(`${site.stateDir}/daemon.log`)} 2>&1`;
  return `# crontab -e: one pass every two minutes. No pass starts while another is running.
*/2 * * * * ${`${makeFolder(site)} && ${line}`.replaceAll('%', '\\%')}
`;
}

function scrontabLines(site: UnitSite): string {
  return `# scrontab -e: one pass every five minutes, as a small job. Its node must reach the ClearML server and be able to run sbatch.
# Slurm does not create the directory of its output; create it once: ${makeFolder(site)}
#SCRON --job-name=clearml-agent-slurm
#SCRON --time=00:15:00
#SCRON --cpus-per-task=1
#SCRON --mem=512M
#SCRON --output=${site.stateDir.replaceAll('%', '%%')}/daemon.log
#SCRON --open-mode=append
*/5 * * * * ${shellLine(site)} --once
`;
}

const DAY = { text: '1-00:00:00', seconds: 86_400 };

/** At most a day; and how long before its end the successor is submitted. */
function jobTime({ job }: UnitSite): { readonly time: string; readonly aheadSeconds: number } {
  const { text, seconds } = job !== undefined && job.limit.seconds < DAY.seconds ? job.limit : DAY;
  return { time: text, aheadSeconds: Math.min(300, Math.floor(seconds / 2)) };
}

function slurmJob(site: UnitSite): string {
  const { time, aheadSeconds } = jobTime(site);
  return `#!/bin/bash
# A small job that runs the daemon and submits its successor before its time limit. Create the directory and submit this file once:
#   ${makeFolder(site)} && sbatch ${UNIT_FILE_NAMES['slurm-job']}
# Its node must reach the ClearML server and be able to run sbatch. To end it: scancel --name=clearml-agent-slurm
#SBATCH --job-name=clearml-agent-slurm
#SBATCH --dependency=singleton
#SBATCH --time=${time}
${(site.job?.options ?? []).map((option) => `#SBATCH ${option}\n`).join('')}#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --mem=512M
#SBATCH --signal=B:USR1@${aheadSeconds}
#SBATCH --requeue
#SBATCH --output=${site.stateDir.replaceAll('%', '%%')}/daemon.log
#SBATCH --open-mode=append

trap 'sbatch "$0" && kill -TERM "$daemon"' USR1
trap 'kill -TERM "$daemon"' TERM

while :; do
  (${shellLine(site, 'exec ')}) &
  daemon=$!
  wait "$daemon"
  code=$?
  # A signal to this script ends the wait, but not the daemon.
  while [ "$code" -gt 128 ] && kill -0 "$daemon" 2>/dev/null; do
    wait "$daemon"
    code=$?
  done
  # ${EXIT.tryAgain}: the state directory is still locked. The lock of a daemon that died on another node can last minutes.
  [ "$code" -eq ${EXIT.tryAgain} ] || exit "$code"
  sleep 60
done
`;
}

/** With the mode that the daemon would use. */
function makeFolder({ stateDir }: UnitSite): string {
  return `mkdir -p -m 700 ${quoteWord(stateDir)}`;
}

/** The command as one shell line. */
function shellLine({ command, workingDir, variables }: UnitSite, before = ''): string {
  const environment = Object.entries(variables).map(([name, value]) => `${name}=${quoteWord(value)} `);
  const words = command.map(quoteWord).join(' ');
  return `cd ${quoteWord(workingDir)} && ${environment.length === 0 ? '' : `${before}env ${environment.join('')}`}${words}`;
}

/** @param command of the daemon, starting with Node */
export function unitSite(
  command: readonly string[],
  { environment, workingDir }: Pick<ProcessContext, 'environment' | 'workingDir'>,
  { clusters: [cluster], slurm }: Pick<Settings, 'clusters' | 'slurm'>,
): UnitSite {
  const { PATH } = environment;
  const variables = { ...(PATH === undefined ? {} : { PATH }), ...serviceVariables(environment).kept };
  // That of --state-dir may be relative.
  const stateDir = resolve(workingDir, cluster === undefined ? '' : wholeStateDir(cluster));
  const usesSudo = Object.keys(slurm.userMap).length > 0;
  return { command, workingDir, variables, stateDir, usesSudo };
}

/** The setting `state_dir`. */
export function wholeStateDir({ name, stateDir }: Pick<ClusterSettings, 'name' | 'stateDir'>): string {
  return name === undefined ? stateDir : dirname(stateDir);
}

/** For a user whose environment has settings that the file does not contain; undefined if it has none. */
export function describeLeftVariables({ environment }: Pick<ProcessContext, 'environment'>): string | undefined {
  const { left } = serviceVariables(environment);
  if (left.length === 0) return undefined;
  return `The file for the daemon does not contain these variables, which are set here and may be secret: ${left.join(', ')}. Put the settings that they replace into the daemon's clearml.conf. Add a proxy with a password to the file yourself, and make the file readable only by you.\n`;
}
