// The rules that the renderer enforces: if a template or task breaks one, the task fails before sbatch runs.

export interface Rule {
  /** An error breaks tasks, a warning may; a note is for information. */
  readonly severity: 'error' | 'warning' | 'note';
  /** One whole sentence. */
  readonly why: string;
  /** The fix, in the imperative. */
  readonly write: string;
}

export function error(why: string, write: string): Rule {
  return { severity: 'error', why, write };
}

export const ENFORCED_RULES = {
  'byte-order-mark': error(
    'sbatch expects #! at the first byte of the file.',
    'Save the file as UTF-8 without a byte order mark.',
  ),
  'no-shebang': error('sbatch rejects a script without an interpreter.', 'Write #!/bin/bash in the first line.'),
  interpreter: error('Values are quoted for bash and sh.', 'Write #!/bin/bash in the first line.'),
  'dos-line-end': error('sbatch rejects a script with DOS line endings.', "Run sed -i 's/\\r$//' on the file."),
  'nul-character': error('sbatch rejects a script that contains a NUL character.', 'Remove the NUL character.'),
  'script-too-long': error(
    'sbatch accepts a script of at most 4 MB.',
    'Keep large data in files that the nodes share.',
  ),
  'unclosed-blank': error(
    'Without the closing brace, the end of the name is unknown.',
    'Close the placeholder on the same line: ${CLEARML_TASK.id}.',
  ),
  'unknown-filter': error('The filter does not exist.', 'Use one of the filters in docs/templates.md.'),
  'unknown-variable': error(
    'The field does not exist, so the default always applies; without a default, the task fails.',
    'Use a name from `clearml-agent-slurm vars`.',
  ),
  'not-one-value': error(
    'The placeholder names a group of fields, but a script needs a single value.',
    'Name the field, as in ${CLEARML_TASK.hyperparams.properties.walltime.value}.',
  ),
  'default-not-plain': error(
    'A default is plain text; nothing in it is expanded.',
    'Assign the value to a shell variable first, or write the default literally.',
  ),
  'control-character': error(
    'A control character in a script may hide the text that follows.',
    'Remove the control character from the default.',
  ),
  'words-filter': error(
    'With |words, one value becomes several arguments, so the placeholder must be a whole argument.',
    'Remove the quotes and the text around the placeholder, or remove |words.',
  ),
  'unpaired-quotes': error('The default cannot be split into words.', 'Close the quotes of the default.'),
  'escaped-blank': error(
    'The backslash makes the placeholder ambiguous, and values are quoted anyway.',
    'Remove the backslash.',
  ),
  'refused-option': error(
    'With this option the daemon could not track the job, or the job would run as another user.',
    'Remove the option; docs/templates.md has an alternative for each such option.',
  ),
  'heterogeneous-job': error('One task is one job.', 'Write one set of #SBATCH lines.'),
  'value-chooses-option': error(
    'A value from a task must not choose the option.',
    'Write the option literally, with = before the value: --name=${…}.',
  ),
  'dash-value': error(
    'sbatch would read a value that begins with a dash as an option.',
    'Write --name=${…} instead of --name ${…}.',
  ),
  'empty-value': error(
    'If the value is empty, sbatch would use the next word as the value.',
    'Write --name=${…}, or a non-empty default.',
  ),
  'help-value': error(
    'sbatch would print the values of the option, and submit nothing.',
    'Write a value of the option that names what the job needs.',
  ),
  'newline-in-directive': error('A directive is a single line.', 'Remove |raw.'),
  'unclosed-quote': error('sbatch rejects a directive with an open quote.', 'Close the quote on the same line.'),
  'slurm-word': error('sbatch reads #SLURM as #SBATCH, and warns.', 'Write #SBATCH.'),
  'late-directive': error(
    'sbatch ignores directives after the first command.',
    'Move the directive above the first command.',
  ),
  'read-again': error(
    'A shell evaluates this text again, so only plain words are accepted here.',
    'Assign the value to an environment variable first: export NAME=${…}, then \'"$NAME"\' here.',
  ),
  'not-a-number': error('Arithmetic may run commands that a value contains.', 'Write a whole number as the default.'),
  'document-text': error(
    'With this value the here-document would end early or lose a line break.',
    'Choose another delimiter, << instead of <<-, or another default.',
  ),
  'document-delimiter': error('A value must not decide where a here-document ends.', 'Write a literal word after <<.'),
  'unclosed-syntax': error('bash cannot run the script.', 'Close the quote or the construct that is still open.'),
  'extended-name': error(
    'In re-evaluated text, a value directly after $USER would become part of the name of the variable.',
    'Write ${USER}, or put a character such as / between the variable and the placeholder.',
  ),
  'misread-by-bash': error(
    'Some bash versions from 4.4 to 5.2 misparse this inside $(…), so a value could become code.',
    "Write case patterns as (PATTERN), and '…' or \"…\" instead of $'…' in a pattern group.",
  ),
  'block-missing': error(
    'Every job needs all three blocks.',
    'Write ${CLEARML_PRE_SETUP}, ${CLEARML_AGENT_EXECUTE} and ${CLEARML_POST_SETUP}, in this order.',
  ),
  'block-twice': error('The task, or its preparation, would run twice.', 'Write the block only once.'),
  'block-place': error(
    'A block expands to several lines.',
    'Write the block alone on a line; ${CLEARML_AGENT_EXECUTE} may also be the end of a command.',
  ),
  'block-order': error('The blocks must be in this order.', 'Write PRE_SETUP, then AGENT_EXECUTE, then POST_SETUP.'),
} as const satisfies Record<string, Rule>;

/** `no-default` is advice for a template, and an error once a task lacks the value. */
export type EnforcedRule = keyof typeof ENFORCED_RULES | 'no-default';
