// `init`: write a first template, settings and a unit for the cluster at hand.
import { EXIT } from '../../base/exit-codes.ts';
import { switchOption, textOption } from '../typed-options.ts';
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';

export const initCommand: Command = {
  name: 'init',
  positionals: '[folder]',
  argument: { usage: '[FOLDER]', means: 'Where its files are written (default: this folder)' },
  group: 'Begin',
  describe: 'Look at this cluster, and write a template, settings and a unit for it',
  examples: [
    { commandLine: 'init', effect: 'Ask a few questions, and write into this folder' },
    { commandLine: 'init site --yes --queue gpu', effect: 'Ask nothing, and write into the folder site' },
  ],
  options: {
    queue: {
      value: 'QUEUE',
      type: 'string',
      describe: 'The ClearML queue to serve (default: default)',
    },
    partition: {
      value: 'NAME',
      type: 'string',
      describe: 'The partition for its jobs (default: that of Slurm)',
    },
    account: {
      value: 'NAME',
      type: 'string',
      describe: 'The account for its jobs (default: that of the user)',
    },
    containers: {
      value: 'HOW',
      type: 'string',
      describe: 'How images are run: none, apptainer, singularity or pyxis (default: none)',
    },
    'shared-dir': {
      value: 'FOLDER',
      type: 'string',
      describe: 'A folder that nodes see under the same path, or none',
    },
    yes: { type: 'boolean', describe: 'Ask nothing, take what is usual there' },
    ...CLUSTER_OPTIONS,
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { commonOptions } = await import('../setting-options.ts');
    const { quoteWord } = await import('../../base/shell-word.ts');
    const { writeSite } = await import('../../init/write-site.ts');
    const choices = {
      queue: textOption(typed, 'queue'),
      partition: textOption(typed, 'partition'),
      account: textOption(typed, 'account'),
      containers: textOption(typed, 'containers'),
      'shared-dir': textOption(typed, 'shared-dir'),
    };
    const ask = switchOption(typed, 'yes') === true ? undefined : context.ask;
    const folder = textOption(typed, 'folder');
    const options = { ...commonOptions(typed), folder, choices, ssh: textOption(typed, 'ssh'), ask };
    const { paths, settingsFile, serverError } = await writeSite(options, context);
    context.stdout(paths.map((path) => `${path}\n`).join(''));
    if (serverError !== undefined) context.stderr(`The ClearML server was not asked. ${serverError}.\n`);
    context.stderr(
      'Read them: each choice says where it came from. Then have this and later commands use them, check, and start:\n' +
        `  export CLEARML_CONFIG_FILE=${quoteWord(settingsFile)}\n` +
        '  clearml-agent-slurm doctor --on-node\n' +
        '  clearml-agent-slurm\n' +
        'The first line belongs into your login profile; --config-file FILE does the same for one command.\n',
    );
    return EXIT.ok;
  },
};
