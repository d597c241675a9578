// The first settings for one cluster, as a file beside the template; each says where it came from. Pure.
import { joinLines } from '../base/joined-lines.ts';
import type { Choices } from './choices.ts';
import type { Site } from './site.ts';

export interface SettingsPlace {
  /** Relative to the file of the settings. */
  readonly templateFile: string;
  readonly unitFile: string;
  /** The clearml.conf with server and keys, or where it is to be. */
  readonly included: { readonly path: string; readonly isThere: boolean };
  /** Which cluster was looked at, where it has a name; and how to get there, where that was typed. */
  readonly cluster: { readonly name: string; readonly ssh: string | undefined } | undefined;
}

export function startingSettings(
  { supervisor: keeper }: Site,
  { queue, containers, sharedDir }: Choices,
  { templateFile, unitFile, included, cluster }: SettingsPlace,
): string {
  return joinLines([
    '# Written by clearml-agent-slurm init. It is yours: change what you like; docs/configuration.md has every setting.',
    included.isThere
      ? '# Server and keys.'
      : '# Server and keys: it was not there yet when this was written, and counts as soon as it is.',
    `include ${JSON.stringify(included.path)}`,
    'agent.slurm {',
    `  # ${queue.why}`,
    `  queues: [${JSON.stringify(queue.value)}]`,
    '  # Relative to this file.',
    `  template_files: [${JSON.stringify(templateFile)}]`,
    ...clusterLines(cluster),
    `  # ${sharedDir.why} With such a folder the agent is installed once, not once a job.`,
    sharedDir.value === undefined
      ? '  # shared_dir: /path/that/nodes/see'
      : `  shared_dir: ${JSON.stringify(sharedDir.value)}`,
    ...(containers.value === 'apptainer' || containers.value === 'singularity'
      ? [`  # ${containers.why} The template has ${containers.value} exec.`, '  singularity_mode: true']
      : []),
    '}',
    `# ${unitFile} beside this file keeps the daemon running. ${keeper.why}`,
    '# clearml-agent-slurm unit prints the others.',
  ]);
}

function clusterLines(cluster: SettingsPlace['cluster']): string[] {
  if (cluster === undefined) return [];
  const { name, ssh } = cluster;
  const [, user, host = ''] = /^(?:([^@]+)@)?([^@]*)$/.exec(ssh ?? '') ?? [];
  const login = [`host: ${JSON.stringify(host)}`, ...(user === undefined ? [] : [`user: ${JSON.stringify(user)}`])];
  return [
    '  # The one that was looked at.',
    `  cluster: ${JSON.stringify(name)}`,
    ...(ssh === undefined ? [] : [`  clusters { ${JSON.stringify(name)} { ${login.join(', ')} } }`]),
  ];
}
