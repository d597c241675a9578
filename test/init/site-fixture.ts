// A cluster as init may find it; tests change it.
import { known } from '../../src/doctor/check-result.ts';
import type { TypedChoices } from '../../src/init/choose-settings.ts';
import type { Site } from '../../src/init/probe-site.ts';
import type { ShellFacts } from '../../src/init/probe-login-shell.ts';
import type { ReachablePartition } from '../../src/doctor/reachable-partitions.ts';

/** No choice was made on the command line. */
export const NOTHING_TYPED: TypedChoices = {
  queue: undefined,
  partition: undefined,
  account: undefined,
  containers: undefined,
  'shared-dir': undefined,
};

export const GPU_PARTITION: ReachablePartition = {
  name: 'gpu',
  isDefault: true,
  isUp: true,
  timeLimit: '2-00:00:00',
  nodes: 2,
  usableNodes: 2,
  cpus: 64,
  memoryMb: 512_000,
  gres: ['gpu:a100:4'],
  entrances: [
    { account: 'lab', isDefault: true, qos: undefined },
    { account: 'course', isDefault: false, qos: undefined },
  ],
  closedBecause: undefined,
};

export const BARE_SHELL: ShellFacts = {
  python: '3.11',
  containers: undefined,
  home: '/home/ada',
  homeFileSystem: 'ext2/ext3',
  hasModules: false,
  modules: [],
  networkVariables: [],
};

export const SITE: Site = {
  clusterName: 'lyon',
  version: '24.11.5',
  partitions: [GPU_PARTITION],
  plainShell: BARE_SHELL,
  loginShell: BARE_SHELL,
  hasPyxis: false,
  server: known({ address: 'https://api.example.org', queues: ['default', 'gpu'] }),
  supervisor: { kind: 'cron', why: 'No systemd user instance runs on this machine, but crontab -l works.' },
};

export function withPartition(change: Partial<ReachablePartition>): Site {
  return { ...SITE, partitions: [{ ...GPU_PARTITION, ...change }] };
}

/** A site with these facts of the login shell; those of the plain shell are the same by default. */
export function withShellFacts(login: Partial<ShellFacts>, plain: Partial<ShellFacts> = login): Site {
  return { ...SITE, loginShell: { ...BARE_SHELL, ...login }, plainShell: { ...BARE_SHELL, ...plain } };
}
