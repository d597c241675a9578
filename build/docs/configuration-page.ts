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

Unknown names are errors. Settings that end in \`_sec\` are in seconds. A "group" is a set of settings in braces.

`;

const REFUSED = `
## Unsupported settings under \`agent.slurm\`

ClearML's own Slurm glue has these. Any other value than the accepted one is an error.

`;

const CLEARML = `
## ClearML's own settings

The daemon uses these too. All other settings in \`api\`, \`agent\`, \`sdk\`, \`environment\` and \`files\` are for the agent on the node.

`;

const PATHS = `
## Paths that no other user may change

A path is used only if no other user can change the file or directory. [operating.md](operating.md#what-the-daemon-trusts) has the rule and the remedies.

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
    markdownTable(['setting', 'type', 'default', 'meaning'], settingRows().map(settingCells)),
    REFUSED,
    markdownTable(
      ['setting', 'accepted', 'reason'],
      Object.entries(REFUSED_SETTINGS).map(([name, { accepted, why }]) => [
        code(name),
        code(JSON.stringify(accepted)),
        why,
      ]),
    ),
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

function settingCells({ name, type, fallback, least, most, meaning }: SettingRow): string[] {
  const range = least === undefined || most === undefined ? type : `${type}, ${least} to ${most}`;
  return [code(name), range, fallback === undefined ? '' : code(fallback), meaning];
}

function code(text: string): string {
  return `\`${text}\``;
}
