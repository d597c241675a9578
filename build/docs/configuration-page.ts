// Writes the reference page of the configuration from the schema and the table of variables.
import { markdownTable } from '../../src/base/text-table.ts';
import { NAMED_VARIABLES, OTHER_VARIABLES } from '../../src/config/environment-variables.ts';
import { REFUSED_SETTINGS } from '../../src/config/schema/refused-settings.ts';
import { clearmlRows, settingRows, type SettingRow } from '../../src/config/schema/settings-rows.ts';
import { TRUSTED_USES } from '../../src/config/path-uses.ts';

const OPENING = `# Configuration

<!-- Generated from src/config/schema/settings-schema.ts by \`npm run docs\`. Change it there. -->

\`clearml-agent-slurm\` reads the same \`clearml.conf\` as \`clearml-agent\`, in the same format (HOCON). Values come from these
sources; each one takes precedence over the sources above it:

1. built-in defaults;
2. the file of \`--config-file\`, else of \`CLEARML_CONFIG_FILE\`, else \`~/trains.conf\` overlaid by \`~/clearml.conf\`, else \`~/.clearml.conf\`;
3. variables such as \`CLEARML_AGENT__AGENT__SLURM__POLL_INTERVAL_SEC=30\`: two underscores for each dot, the value in the syntax of the file;
4. the [variables below](#variables-that-replace-a-setting);
5. the command line.

\`clearml-agent-slurm config --origins\` prints the effective settings and the source of each.

## Settings under \`agent.slurm\`

Unknown names are errors. Settings that end in \`_sec\` are in seconds. A "group" is a set of settings in braces. The path of a
file on this machine may begin with \`~\`, or be relative to the file that sets it. Paths on the cluster are absolute.
`;

/** The sections of `agent.slurm`, with the settings and groups in each. */
const SECTIONS: Readonly<Record<string, readonly string[]>> = {
  'Queues and templates': ['queues', 'template_files', 'order_fairness', 'user_fairness', 'resubmit_on_timeout'],
  Limits: ['max_jobs', 'max_waiting_jobs', 'max_jobs_per_user', 'max_nodes', 'max_gpus'],
  Jobs: ['shared_dir', 'job_credentials', 'python', 'agent_version', 'srun_delegation'],
  Containers: ['singularity_mode', 'container_mounts', 'image_dir', 'image_cache_dir', 'container_ssh'],
  'Unix users': ['user_map', 'min_uid', 'trusted_group'],
  'Clusters and SSH': ['clusters', 'cluster'],
  "Slurm's commands": ['slurm_bin_dir', 'slurm_conf', 'binaries', 'sbatch_timeout_sec', 'command_timeout_sec'],
  'The daemon': [
    'state_dir',
    'scheduler_queue',
    'poll_interval_sec',
    'queue_poll_interval_sec',
    'submit_rate_per_sec',
    'api_rate_per_sec',
    'http',
  ],
  'Grace periods': ['grace'],
};

/** The pages that explain the settings of a section. */
const SEE: Readonly<Record<string, string>> = {
  'Queues and templates': 'templates.md',
  Limits: 'shared-service.md#limits',
  Containers: 'containers.md',
  'Unix users': 'shared-service.md',
  'Clusters and SSH': 'ssh.md',
};

const CLEARML = `
## ClearML's own settings

The daemon uses these too. All others are for the agent on the node.

`;

const PATHS = `
## Paths that no other user may change

[operating.md](operating.md#what-the-daemon-trusts) has the rule and the remedies. "Group": members of \`trusted_group\` may write there.

`;

const VARIABLES = `
## Variables that replace a setting

An empty variable is ignored. If a row has several names, the first one that is set applies.

`;

const OTHERS = `
## Other variables

`;

/** The whole page, in Markdown. */
export function referencePage(): string {
  return [
    OPENING,
    ...slurmSections(),
    '\n',
    ...Object.entries(REFUSED_SETTINGS).map(
      ([name, { accepted, why }]) =>
        `${code(name)} of ClearML's own Slurm glue may only be ${code(JSON.stringify(accepted))}: ${why}.\n`,
    ),
    CLEARML,
    markdownTable(
      ['setting', 'meaning'],
      clearmlRows().map(({ name, meaning }) => [code(name), meaning]),
    ),
    PATHS,
    markdownTable(['use', 'checked by', 'group', 'settings'], usesOfPaths()),
    VARIABLES,
    markdownTable(
      ['variable', 'setting'],
      NAMED_VARIABLES.map(({ names, path }) => [codes(names), code(path)]),
    ),
    OTHERS,
    markdownTable(
      ['variable', 'meaning'],
      Object.values(OTHER_VARIABLES).map(({ names, meaning }) => [codes(names), meaning]),
    ),
  ].join('');
}

/** @throws RangeError for a setting in no section */
function slurmSections(): string[] {
  const rows = settingRows();
  const groupOf = ({ name }: SettingRow): string => name.split('.')[0] ?? '';
  const missing = rows.find((row) => !Object.values(SECTIONS).flat().includes(groupOf(row)));
  if (missing !== undefined) throw new RangeError(`${missing.name} is in no section of the page`);
  return Object.entries(SECTIONS).flatMap(([title, groups]) => {
    const inOrder = groups.flatMap((group) => rows.filter((row) => groupOf(row) === group));
    const see = SEE[title];
    return [
      `\n### ${title}\n\n`,
      see === undefined ? '' : `See [${see.replace(/#.*/, '')}](${see}).\n\n`,
      markdownTable(['setting', 'type', 'default', 'meaning'], inOrder.map(settingCells)),
    ];
  });
}

function usesOfPaths(): string[][] {
  const rows = [...settingRows(), ...clearmlRows()];
  return Object.entries(TRUSTED_USES).map(([use, { what, check, isShared }]) => [
    what,
    check,
    isShared ? 'yes' : '',
    codes(rows.filter(({ trusted }) => trusted === use).map(({ name }) => name)),
  ]);
}

function codes(texts: readonly string[]): string {
  return texts.map(code).join(', ');
}

function settingCells({ name, type, fallback, least, most, meaning }: SettingRow): string[] {
  const range = least === undefined || most === undefined ? type : `${type}, ${least} to ${most}`;
  return [code(name), range, fallback === undefined ? '' : code(fallback), meaning];
}

function code(text: string): string {
  return `\`${text}\``;
}
