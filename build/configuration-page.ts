// Writes the reference page of the configuration from the schema and the table of variables.
import { markdownTable } from '../src/base/markdown-table.ts';
import { NAMED_VARIABLES, OTHER_VARIABLES } from '../src/config/environment.ts';
import { clearmlRows, settingRows, type SettingRow } from '../src/config/setting-table.ts';
import { TRUSTED_USES } from '../src/config/trusted.ts';

const OPENING = `# Configuration

<!-- Made from src/config/schema.ts by \`npm run docs\`; a test compares the two. Change it there. -->

The program reads the same \`clearml.conf\` as \`clearml-agent\`, in the same format (HOCON). Each of these replaces the ones before it:

1. built-in defaults;
2. the file of \`--config-file\`, else of \`CLEARML_CONFIG_FILE\`, else \`~/trains.conf\` and over it \`~/clearml.conf\`, else \`~/.clearml.conf\`;
3. variables such as \`CLEARML_AGENT__AGENT__SLURM__POLL_INTERVAL_SEC=30\`: two underscores for each dot, the value as it would stand in the file;
4. the variables of the table below;
5. the command line.

\`clearml-agent-slurm config --origins\` prints what is in force and where each value came from.

## Settings under \`agent.slurm\`

A name that is not in this table is an error. Numbers that end in \`_sec\` are seconds.

`;

const CLEARML = `
## ClearML's own settings

These count for the daemon too. All others in \`api\`, \`agent\`, \`sdk\`, \`environment\` and \`files\` are passed on to the agent on the node.

`;

const PATHS = `
## Paths that nobody else may change

Each path above is used only where nobody else can change what it names; [operating.md](operating.md#what-it-trusts) has the rule, and what to do.

`;

const VARIABLES = `
## Variables that replace a setting

An empty variable counts as unset. Of several names, the first that is set counts.

`;

const OTHERS = `
## Other variables

`;

/** The whole page, in Markdown. */
export function referencePage(): string {
  return [
    OPENING,
    markdownTable(['setting', 'type', 'default', 'meaning'], settingRows().map(settingCells)),
    CLEARML,
    markdownTable(
      ['setting', 'meaning'],
      clearmlRows().map(({ name, meaning }) => [code(name), meaning]),
    ),
    PATHS,
    markdownTable(['use', 'settings'], usesOfPaths()),
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

function usesOfPaths(): string[][] {
  const rows = [...settingRows(), ...clearmlRows()];
  return Object.entries(TRUSTED_USES).map(([use, does]) => [
    does,
    codes(rows.filter(({ trusted }) => trusted === use).map(({ name }) => name)),
  ]);
}

function codes(texts: readonly string[]): string {
  return texts.map(code).join(', ');
}

function settingCells({ name, type, fallback, least, meaning }: SettingRow): string[] {
  const bounded = least === undefined || least === 0 ? type : `${type}, at least ${least}`;
  return [code(name), bounded, fallback === undefined ? '' : code(fallback), meaning];
}

function code(text: string): string {
  return `\`${text}\``;
}
