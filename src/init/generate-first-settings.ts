// Generates the first settings of a cluster; a comment tells the source of each.
import { joinLines } from '../base/terminal-text.ts';
import { parseLogin } from '../transport/ssh-target.ts';
import type { Choices } from './choose-settings.ts';
import type { Site } from './probe-site.ts';

export interface SettingsPlace {
  /** Relative to the file of the settings. */
  readonly templateFile: string;
  readonly unitFile: string;
  /** The files with server and keys, lowest precedence first: usually clearml.conf. */
  readonly included: readonly string[];
  /** Whether they exist already. */
  readonly isThere: boolean;
  /** Absolute; undefined: the default, or that of an included file. */
  readonly stateDir: string | undefined;
  /** The name of the cluster, if it has one, and the value of --ssh. */
  readonly cluster: { readonly name: string; readonly ssh: string | undefined } | undefined;
}

export function firstSettings(
  { supervisor: keeper }: Site,
  { queue, containers, sharedDir }: Choices,
  { templateFile, unitFile, included, isThere, stateDir, cluster }: SettingsPlace,
): string {
  return joinLines([
    '# Written by clearml-agent-slurm init. Edit it as you like; docs/configuration.md lists every setting.',
    isThere
      ? '# Server and keys.'
      : '# Server and keys. The included file did not exist when init ran; it is read as soon as it exists.',
    ...included.map((path) => `include ${JSON.stringify(path)}`),
    'agent.slurm {',
    `  # ${queue.why}`,
    `  queues: [${JSON.stringify(queue.value)}]`,
    '  # A path is relative to this file.',
    `  template_files: [${JSON.stringify(templateFile)}]`,
    ...(stateDir === undefined
      ? []
      : ['  # You gave it on the command line.', `  state_dir: ${JSON.stringify(stateDir)}`]),
    ...clusterLines(cluster),
    `  # ${sharedDir.why} With a shared directory the agent is installed once, not in every job.`,
    sharedDir.value === undefined
      ? '  # shared_dir: /path/that/nodes/share'
      : `  shared_dir: ${JSON.stringify(sharedDir.value)}`,
    ...(containers.value === 'apptainer' || containers.value === 'singularity'
      ? [`  # ${containers.why} The template runs ${containers.value} exec.`, '  singularity_mode: true']
      : []),
    '}',
    `# ${unitFile} in this directory keeps the daemon running. ${keeper.why}`,
    '# To print a unit of another kind, run clearml-agent-slurm unit.',
  ]);
}

function clusterLines(cluster: SettingsPlace['cluster']): string[] {
  if (cluster === undefined) return [];
  const { name, ssh } = cluster;
  const { user, host } = parseLogin(ssh ?? '');
  const login = [`host: ${JSON.stringify(host)}`, ...(user === undefined ? [] : [`user: ${JSON.stringify(user)}`])];
  return [
    '  # The cluster that init probed.',
    `  cluster: ${JSON.stringify(name)}`,
    ...(ssh === undefined ? [] : [`  clusters { ${JSON.stringify(name)} { ${login.join(', ')} } }`]),
  ];
}
