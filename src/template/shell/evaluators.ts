// The programs that read some of their words, or their standard input, as code: the one table of them.

/** Which of a program's words are code. */
export type CodeWords =
  /** All of them. */
  | { readonly which: 'all' }
  /** From the first to the last one that looks like this. */
  | { readonly which: 'like'; readonly pattern: RegExp }
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

export interface Evaluator {
  readonly names: RegExp;
  readonly words: CodeWords;
  /**
   * When its standard input is code: never, always, or when no operand and no code among its words says otherwise.
   * A program that reads a script by name takes the rest of its words and its input as data.
   */
  readonly input: 'data' | 'code' | 'code unless told';
  /** A plain word can be code there too, so that only a number is sure to be none. */
  readonly isEvenPlain?: true;
  /** Options with a word of their own, which is neither code nor the script's name. */
  readonly optionsWithArgument?: RegExp;
}

export const EVALUATORS: readonly Evaluator[] = [
  {
    names: /^(?:r?ba|da|a|z|r?k|mk|pdk|ya|c|tc|fi)?sh$|^busybox$/,
    words: { which: 'after', option: /^-[A-Za-z]*c|^--(?:command|init-command)/ },
    input: 'code unless told',
    optionsWithArgument: /^[-+][A-Za-z]*[oO]$|^--(?:rcfile|init-file)$/,
  },
  {
    names: /^(?:su|runuser|newgrp|flock|script|doas)$/,
    words: { which: 'after', isAnywhere: true, option: /^-[A-Za-z]*c|^--(?:command|session-command)/ },
    input: 'code',
  },
  { names: /^(?:eval|alias|trap|complete|compgen|bind|watch|fc)$/, words: { which: 'all' }, input: 'data' },
  // A variable of make is code of the recipes, and a window of these is a shell.
  { names: /^(?:tmux|screen|xterm|socat|sqlite3)$/, words: { which: 'all' }, input: 'data' },
  { names: /^g?split$/, words: { which: 'after', option: /^--filter/ }, input: 'data' },
  // sg GROUP COMMAND
  { names: /^sg$/, words: { which: 'all' }, input: 'code' },
  { names: /^g?make$/, words: { which: 'all' }, input: 'code' },
  { names: /^env$/, words: { which: 'after', option: /^-[A-Za-z]*S|^--split-string/ }, input: 'data' },
  {
    names: /^git$/,
    words: {
      which: 'after',
      isAnywhere: true,
      isRepeated: true,
      option:
        /^-[cx]|^--(?:config|config-env|upload-pack|receive-pack|exec|extcmd|open-files-in-pager)|^(?:foreach|run)$/,
    },
    input: 'data',
  },
  {
    names: /^(?:g|bsd)?tar$/,
    words: {
      which: 'after',
      isAnywhere: true,
      isRepeated: true,
      option:
        /^-[A-Za-z]*[IF]|^--(?:use-compress-program|to-command|checkpoint-action|info-script|new-volume-script|rsh-command)/,
    },
    input: 'data',
  },
  // The other host's shell reads the path behind the colon, that of older versions at least.
  { names: /^scp$/, words: { which: 'like', pattern: /:/ }, input: 'data' },
  {
    names: /^rsync$/,
    words: { which: 'after', isAnywhere: true, isRepeated: true, option: /:|^-[A-Za-z]*e$|^--(?:rsh|rsync-path)/ },
    input: 'data',
  },
  {
    names: /^(?:ed|ex|vi|vim|nvim|view|emacs|gdb|expect|gnuplot|octave|matlab|tclsh|m4|dc|bc|guile|psql|mysql)$/,
    words: {
      which: 'after',
      isAnywhere: true,
      isRepeated: true,
      option: /^-(?:c|e|x|ex|r|batch)$|^\+|^--(?:cmd|command|eval|execute)/,
    },
    input: 'code',
  },
  { names: /^(?:mapfile|readarray)$/, words: { which: 'after', isAnywhere: true, option: /^-C/ }, input: 'data' },
  { names: /^enable$/, words: { which: 'after', option: /^-f/ }, input: 'data' },
  { names: /^(?:ssh|rsh|mosh|pdsh|clush|parallel)$/, words: { which: 'all' }, input: 'code' },
  // The file that is run is named by the first word.
  { names: /^(?:source|\.)$/, words: { which: 'operand', option: /^$/ }, input: 'code' },
  { names: /^(?:at|batch|crontab)$/, words: { which: 'after', option: /^$/ }, input: 'code' },
  { names: /^(?:sbatch|salloc)$/, words: { which: 'after', isAnywhere: true, option: /^--wr/ }, input: 'code' },
  {
    names: /^python[0-9.]*$|^pypy[0-9.]*$/,
    words: { which: 'after', option: /^-[A-Za-z]*c/ },
    input: 'code unless told',
    optionsWithArgument: /^-[A-Za-z]*[WX]$/,
  },
  {
    // perl -e 'print qx/id/', ruby -e 'puts %x/id/'
    names: /^(?:perl|ruby)$/,
    words: { which: 'after', isRepeated: true, option: /^-[A-Za-z]*[eE]/ },
    input: 'code unless told',
    isEvenPlain: true,
    optionsWithArgument: /^-[IMCdfFSL]$|^--require$/,
  },
  {
    names: /^(?:node|nodejs|php|lua|julia|R|Rscript)$/,
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
export const SHELL_VARIABLES = /^"?\$\{?(?:SHELL|BASH|SH)(?::?-[^}]*)?\}?"?$/;

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

/** Variables of bash itself that are integers. */
export const INTEGER_VARIABLES = [
  ...[
    'OPTIND',
    'OPTERR',
    'RANDOM',
    'SRANDOM',
    'SECONDS',
    'LINENO',
    'HISTCMD',
    'BASHPID',
    'BASH_SUBSHELL',
    'EPOCHSECONDS',
  ],
  ...['EUID', 'UID', 'PPID'],
];

/** A word that hands a variable on: `env NAME=…`, `srun --export=ALL,NAME=…`, `apptainer exec --env NAME=…`. */
export const PASSED_VARIABLE = /^["']?(?:--?[\w-]+=)?["']?(?:\w+(?:=[^,]*)?,)*([A-Za-z_]\w*)=/;

/** Variables whose value bash, the next bash, or a well-known program expands or runs. */
export const CODE_VARIABLES = new RegExp(
  '^(?:PS[0-4]|PROMPT_COMMAND|BASH_ENV|ENV|BASH_FUNC_.*|(?:GIT_)?(?:EDITOR|PAGER)|GIT_(?:SSH|SSH_COMMAND|PROXY_COMMAND|EXTERNAL_DIFF)|' +
    'VISUAL|MANPAGER|LESSOPEN|LESSCLOSE|RSYNC_RSH|TAR_OPTIONS|MAKEFLAGS|PERL5OPT|PERL5DB|RUBYOPT|NODE_OPTIONS)$',
);

/** A file of such a name, or with such a first line, is a script that somebody will run. */
export const SCRIPT_FILE = /\.(?:sh|bash|slurm|sbatch|py|pl|R|mk)$|(?:^|\/)(?:GNU)?[Mm]akefile$/;
/** Programs that run a file which is named to them, or make it one that can be run. */
export const FILE_RUNNERS =
  /^(?:source|\.|(?:ba|da|z|k)?sh|python[0-9.]*|perl|sbatch|srun|exec|env|nohup|time|chmod|at|xargs)$/;

export const SCRIPT_START = /^[ \t]*#!/;
