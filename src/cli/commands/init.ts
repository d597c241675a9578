// `init`: writes a first template, settings and unit for a cluster.
import { EXIT } from '../../base/exit-codes.ts';
import { isOn, textOption } from '../typed-options.ts';
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';

export const initCommand: Command = {
  name: 'init',
  argument: { name: 'folder', usage: '[DIR]', means: 'Directory for the files (default: the current directory)' },
  group: 'Set up',
  describe: 'Write a template, settings and a unit for this cluster',
  examples: [
    { commandLine: 'init', effect: 'Ask a few questions, and write to the current directory' },
    { commandLine: 'init site --yes --queue gpu', effect: 'Ask no questions, and write to the directory "site"' },
  ],
  options: {
    queue: {
      value: 'QUEUE',
      type: 'string',
      describe: 'ClearML queue to serve (default: the queue "default")',
    },
    partition: {
      value: 'NAME',
      type: 'string',
      describe: "Partition of the jobs (default: Slurm's default partition)",
    },
    account: {
      value: 'NAME',
      type: 'string',
      describe: 'Slurm account of the jobs (default: your default account)',
    },
    containers: {
      value: 'HOW',
      type: 'string',
      describe: 'Container runtime: none, apptainer, singularity or pyxis (default: none)',
    },
    'shared-dir': {
      value: 'DIR',
      type: 'string',
      describe: 'Absolute path of a directory that the nodes share, or the word none',
    },
    yes: { type: 'boolean', describe: 'Ask no questions; use the defaults' },
    ...CLUSTER_OPTIONS,
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { readConfigured } = await import('../setting-options.ts');
    const { quoteWord } = await import('../../base/shell-word.ts');
    const { writeSite } = await import('../../init/write-first-files.ts');
    const { describeLeftVariables } = await import('../../init/generate-unit-files.ts');
    const choices = {
      queue: textOption(typed, 'queue'),
      partition: textOption(typed, 'partition'),
      account: textOption(typed, 'account'),
      containers: textOption(typed, 'containers'),
      'shared-dir': textOption(typed, 'shared-dir'),
    };
    const ask = isOn(typed, 'yes') ? undefined : context.ask;
    const folder = textOption(typed, 'folder');
    const options = { folder, choices, ssh: textOption(typed, 'ssh'), ask };
    const { paths, settingsFile, serverError } = await writeSite(readConfigured(typed, context), options);
    context.stdout(paths.map((path) => `${path}\n`).join(''));
    if (serverError !== undefined) context.stderr(`The ClearML server could not be queried: ${serverError}.\n`);
    context.stderr(describeLeftVariables(context) ?? '');
    context.stderr(
      'Review the files: comments name the source of each value. To check the site and start the daemon, run:\n' +
        `  export CLEARML_CONFIG_FILE=${quoteWord(settingsFile)}\n` +
        '  clearml-agent-slurm doctor --on-node\n' +
        '  clearml-agent-slurm\n' +
        'Add the first line to your login profile, or pass --config-file FILE to each command.\n',
    );
    return EXIT.ok;
  },
};
