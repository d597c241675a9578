// `completion`: a script by which a shell completes our commands and options.
import { EXIT } from '../../base/exit-codes.ts';
import { textOption } from '../typed-options.ts';
import type { Command } from '../command.ts';

/** @param commands all that there are, this one too */
export const completionOf = (commands: () => readonly Command[]): Command => ({
  name: 'completion',
  positionals: '[shell]',
  argument: { usage: 'SHELL', means: 'bash, zsh, or fish' },
  kinds: ['bash', 'zsh', 'fish'],
  group: 'Begin',
  describe: 'Print a script by which bash, zsh or fish complete what is typed',
  examples: [
    { commandLine: 'completion bash', effect: 'In ~/.bashrc: source <(clearml-agent-slurm completion bash)' },
    { commandLine: 'completion fish', effect: 'To be put into ~/.config/fish/completions' },
  ],
  options: {},
  async run(typed, context) {
    const { completionScript } = await import('../completion/completion-script.ts');
    context.stdout(completionScript(textOption(typed, 'shell'), commands()));
    return EXIT.ok;
  },
});
