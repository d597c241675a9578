// The rules for what the renderer refuses: with one of these broken, a task of the queue fails before sbatch is asked.

export interface Rule {
  /** An error breaks tasks, a warning may, a note is good to know. */
  readonly severity: 'error' | 'warning' | 'note';
  /** One whole sentence. */
  readonly why: string;
  /** What to write instead, as an order. */
  readonly write: string;
}

function error(why: string, write: string): Rule {
  return { severity: 'error', why, write };
}

export const REFUSAL_RULES = {
  'byte-order-mark': error(
    'sbatch looks for #! at the first byte of the file.',
    'Save the file as UTF-8 without a byte order mark.',
  ),
  'no-shebang': error('sbatch refuses a script without an interpreter.', 'Write #!/bin/bash in the first line.'),
  interpreter: error('Values are quoted for bash, and for sh.', 'Write #!/bin/bash in the first line.'),
  'dos-line-end': error('sbatch refuses a script with DOS line breaks.', "Run sed -i 's/\\r$//' on the file."),
  'nul-character': error('sbatch refuses a script with a NUL in it.', 'Take it out.'),
  'script-too-long': error('sbatch takes a script of at most 4 MB.', 'Keep large texts in files that the nodes see.'),
  'unclosed-blank': error(
    'Without its brace nobody can tell where the name ends.',
    'Close it on the same line: ${CLEARML_TASK.id}.',
  ),
  'unknown-filter': error(
    'A filter that does not exist can not be applied.',
    'Use one of the filters in docs/templates.md.',
  ),
  'unknown-variable': error(
    'There is no such field, so that the default is always taken, or the task fails.',
    'Use a name that `clearml-agent-slurm vars` lists.',
  ),
  'not-one-value': error(
    'Only a single value can stand in a script, not a group of fields.',
    'Name the field, as in ${CLEARML_TASK.hyperparams.properties.walltime.value}.',
  ),
  'default-not-plain': error(
    'A default is plain text, in which nothing is expanded.',
    'Give the value to a shell variable first, or write the default out.',
  ),
  'control-character': error(
    'A control character in a script is never meant, and may hide what follows.',
    'Take it out of the default.',
  ),
  'words-filter': error(
    'Several words can stand only where whole arguments of a command do.',
    'Take the placeholder out of quotes and away from other text, or drop |words.',
  ),
  'unpaired-quotes': error('The default can not be split into words.', 'Write its quotes in pairs.'),
  'escaped-blank': error(
    'Nobody can tell whether the backslash or the placeholder is meant; values are quoted anyway.',
    'Take the backslash away.',
  ),
  'refused-option': error(
    'With this option the glue could not follow the job, or it would run as somebody else.',
    'Take it out; docs/templates.md tells of each such option what to do instead.',
  ),
  'heterogeneous-job': error('One task is one job.', 'Write one set of #SBATCH lines.'),
  'value-chooses-option': error(
    'A value from a task must never decide which option is set.',
    'Write the option out, and a = before its value: --name=${…}.',
  ),
  'dash-value': error(
    'sbatch would read a word that begins with a dash as an option.',
    'Write --name=${…} instead of --name ${…}.',
  ),
  'empty-value': error(
    'sbatch would take the next word for the value.',
    'Write --name=${…}, or a default that is not empty.',
  ),
  'newline-in-directive': error('A directive is one line.', 'Drop |raw.'),
  'unclosed-quote': error('sbatch refuses a directive with an open quote.', 'Close the quote on the same line.'),
  'slurm-word': error('sbatch reads #SLURM as #SBATCH, and warns.', 'Write #SBATCH.'),
  'late-directive': error(
    'sbatch reads no directive behind the first command.',
    'Move it above the first line that is neither empty nor a comment.',
  ),
  'read-again': error(
    'A shell reads this text as code a second time, so that only plain words may stand here.',
    'Put the value into an environment variable before: export NAME=${…}, then \'"$NAME"\' here.',
  ),
  'not-a-number': error('Arithmetic may run commands that stand in a value.', 'Write a whole number as the default.'),
  'document-text': error(
    'With this value the here-document would end early or lose a line end.',
    'Choose another delimiter, << instead of <<-, or another default.',
  ),
  'document-delimiter': error('A here-document must end where the template says.', 'Write a fixed word behind <<.'),
  'unclosed-syntax': error('bash could not run the script.', 'Close what is open.'),
  'extended-name': error(
    'In text that is read a second time, a value right behind $USER would be read as a part of the name.',
    'Write ${USER}, or another character between.',
  ),
  'misread-by-bash': error(
    'Some bash from 4.4 to 5.2 reads this otherwise within $(…), so that a value there could become code.',
    "Write what the message says: case patterns as (PATTERN), '…' or \"…\" for $'…' in a group.",
  ),
  'block-missing': error(
    'Each of the three blocks does a part that no job can do without.',
    'Write ${CLEARML_PRE_SETUP}, ${CLEARML_AGENT_EXECUTE} and ${CLEARML_POST_SETUP}, in this order.',
  ),
  'block-twice': error('A second time it would run the task, or its preparation, twice.', 'Take one of the two out.'),
  'block-place': error(
    'A block is several lines of script.',
    'Write it alone on its line; ${CLEARML_AGENT_EXECUTE} may also end a command.',
  ),
  'block-order': error(
    'Each block needs what the one before it did.',
    'Write PRE_SETUP, then AGENT_EXECUTE, then POST_SETUP.',
  ),
} as const satisfies Record<string, Rule>;

/** `no-default` is advice for a template, and a refusal once a task lacks the value. */
export type RefusalRule = keyof typeof REFUSAL_RULES | 'no-default';
