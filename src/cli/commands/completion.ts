// `completion`: prints a completion script for a shell.
import { EXIT } from '../../base/exit-codes.ts';
import { textOption } from '../typed-options.ts';
import type { Command } from '../command.ts';

/** @param commands all commands, including this one */
export const completionOf = (commands: () => readonly Command[]): Command => ({
  name: 'completion',
  positionals: '[shell]',
  argument: { usage: 'SHELL', means: 'bash, zsh, or fish' },
  kinds: ['bash', 'zsh', 'fish'],
  group: 'Set up',
  describe: 'Print a completion script for bash, zsh or fish',
  examples: [
    { commandLine: 'completion bash', effect: 'Add to ~/.bashrc: source <(clearml-agent-slurm completion bash)' },
    { commandLine: 'completion fish', effect: 'Save the output in ~/.config/fish/completions' },
  ],
  options: {},
  async run(typed, context) {
    const { completionScript } = await import('../completion/completion-script.ts');
    context.stdout(completionScript(textOption(typed, 'shell'), commands()));
    return EXIT.ok;
  },
});
