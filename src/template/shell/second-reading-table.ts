// The programs that read some of their words, or their standard input, as code: the one table of them.

/** Which of a program's words are code. */
export type CodeWords =
  /** All of them. */
  | { readonly which: 'all' }
  /**
   * What follows this option, up to the first word that is no option; the option may also hold the code itself.
   * With `operand` the first operand is code where there is no such option: the program of awk and sed.
   */
  | {
      readonly which: 'after' | 'operand';
      readonly option: RegExp;
      /** There may be several of it. */
      readonly isRepeated?: true;
      /** It may stand behind operands too. */
      readonly isAnywhere?: true;
    };

export interface CodeReader {
  readonly names: RegExp;
  readonly words: CodeWords;
  /**
   * When its standard input is code: never, always, or when no operand and no code among its words says otherwise.
   * A program that reads a script by name takes the rest of its words and its input as data.
   */
  readonly input: 'data' | 'code' | 'code unless told';
  /** Options with a word of their own, which is neither code nor the script's name. */
  readonly optionsWithArgument?: RegExp;
}

export const CODE_READERS: readonly CodeReader[] = [
  {
    names: /^(?:ba|da|a|z|k|mk|pdk|ya|c|tc|fi)?sh$|^busybox$/,
    words: { which: 'after', option: /^-[A-Za-z]*c|^--(?:command|init-command)/ },
    input: 'code unless told',
    optionsWithArgument: /^[-+][A-Za-z]*[oO]$|^--(?:rcfile|init-file)$/,
  },
  {
    names: /^(?:su|runuser|sg|newgrp|flock|script|doas)$/,
    words: { which: 'after', isAnywhere: true, option: /^-[A-Za-z]*c|^--(?:command|session-command)/ },
    input: 'code',
  },
  { names: /^(?:eval|alias|trap|complete|compgen|bind|watch|fc)$/, words: { which: 'all' }, input: 'data' },
  { names: /^(?:ssh|rsh|mosh|pdsh|clush|parallel)$/, words: { which: 'all' }, input: 'code' },
  { names: /^(?:source|\.|at|batch|crontab)$/, words: { which: 'after', option: /^$/ }, input: 'code' },
  { names: /^(?:sbatch|salloc)$/, words: { which: 'after', isAnywhere: true, option: /^--wr/ }, input: 'code' },
  {
    names: /^python[0-9.]*$|^pypy[0-9.]*$/,
    words: { which: 'after', option: /^-[A-Za-z]*c/ },
    input: 'code unless told',
    optionsWithArgument: /^-[A-Za-z]*[WX]$/,
  },
  {
    names: /^(?:perl|ruby|node|nodejs|php|lua|julia|R|Rscript)$/,
    words: { which: 'after', isRepeated: true, option: /^-[A-Za-z]*[eEr]|^-p$|^--(?:eval|print|run)/ },
    input: 'code unless told',
    optionsWithArgument: /^-[IMCdfFSL]$|^--require$/,
  },
  {
    names: /^[gmn]?awk$/,
    words: { which: 'operand', isRepeated: true, option: /^-e|^--source/ },
    input: 'data',
    optionsWithArgument: /^-[vFfiEl]$|^--(?:assign|field-separator|file)$/,
  },
  {
    names: /^g?sed$/,
    words: { which: 'operand', isRepeated: true, option: /^-[A-Za-z]*e|^--expression/ },
    input: 'data',
    optionsWithArgument: /^-[fl]$|^--(?:file|line-length)$/,
  },
];

/** Programs that make words of a command out of their standard input. */
export const WORDS_FROM_INPUT = /^(?:xargs|parallel)$/;

/** `$SHELL -c …`: variables that hold the name of a shell. */
export const SHELL_VARIABLES = /^"?\$\{?(?:SHELL|BASH|SH)\}?"?$/;

/**
 * Builtins whose words are names of variables. A name may have a subscript, and a subscript may run commands:
 * `unset 'a[$(reboot)]'`. `after` limits it to the words that follow this option.
 */
export const NAME_TAKERS: readonly { readonly names: RegExp; readonly after?: RegExp }[] = [
  { names: /^(?:unset|read|mapfile|readarray|getopts)$/ },
  { names: /^printf$/, after: /^-v/ },
  { names: /^(?:test|\[|\[\[)$/, after: /^-[vR]$/ },
  { names: /^wait$/, after: /^-[A-Za-z]*p/ },
];

/** Builtins that assign: what stands left of the `=` is a name, what stands right of it a value. */
export const DECLARERS = /^(?:declare|typeset|local|export|readonly)$/;

/** Variables whose value bash, or the next bash, expands or runs. */
export const CODE_VARIABLES = /^(?:PS[0-4]|PROMPT_COMMAND|BASH_ENV|ENV)$/;

/** A file of such a name, or with such a first line, is a script that somebody will run. */
export const SCRIPT_FILE = /\.(?:sh|bash|slurm|sbatch|py|pl|R)$/;
export const SCRIPT_START = /^[ \t]*#!/;
