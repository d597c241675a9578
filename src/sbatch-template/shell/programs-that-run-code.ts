// The table of programs that evaluate some of their arguments, or their standard input, as code.

/** Which words of a program are code. */
export type CodeWords =
  /** All of them. */
  | { readonly which: 'all' }
  /** From the first to the last one that matches. */
  | { readonly which: 'like'; readonly pattern: RegExp }
  /**
   * The words after this option, up to and including the first one that is not an option; the option itself may also contain the code.
   * With `operand`, the first operand is code if there is no such option, as the programs of awk and sed are.
   */
  | {
      readonly which: 'after' | 'operand';
      readonly option: RegExp;
      /** The option may be repeated. */
      readonly isRepeated?: true;
      /** The option may follow operands. */
      readonly isAnywhere?: true;
    };

export interface Evaluator {
  readonly names: RegExp;
  readonly words: CodeWords;
  /**
   * Whether standard input is code: never, always, or if the command has neither code nor a script as argument. A program with a script as
   * argument treats its other arguments and its input as data. `ssh` passes it to the command for the other host.
   */
  readonly input: 'data' | 'code' | 'code unless told' | 'code of the other host';
  /** Even a plain word can be code: only a number is safe. */
  readonly isEvenPlain?: true;
  /** Options whose argument, in the next word, is neither code nor the name of the script. */
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
  // These programs start shells.
  { names: /^(?:tmux|screen|xterm|socat)$/, words: { which: 'all' }, input: 'data' },
  // `.shell reboot`, `SELECT edit('', 'reboot')`
  { names: /^(?:sqlite3?|duckdb)$/, words: { which: 'all' }, input: 'code' },
  // `!reboot`
  {
    names: /^(?:lftp|sftp|ftp)$/,
    words: { which: 'after', isAnywhere: true, isRepeated: true, option: /^-[ceSo]/ },
    input: 'code',
  },
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
  // The shell of the other host evaluates the path after the colon, at least in older versions.
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
  {
    names: /^ssh$/,
    words: { which: 'all' },
    input: 'code of the other host',
    optionsWithArgument: /^-[0-9A-Za-z]*[BbcDEeFIiJLlmOoPpQRSWw]$/,
  },
  { names: /^(?:rsh|mosh|pdsh|clush|parallel)$/, words: { which: 'all' }, input: 'code' },
  // The first word names the file to run.
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

/** Programs that append the words of their standard input to a command. */
export const WORDS_FROM_INPUT = /^(?:xargs|parallel)$/;

/** Variables that contain the name of a shell: `$SHELL -c …`. */
export const SHELL_VARIABLES = /^"?\$\{?(?:SHELL|BASH|SH)(?::?-[^}]*)?\}?"?$/;

/**
 * Builtins whose words are names of variables. A name can have a subscript, and a subscript can run commands: `unset 'a[$(reboot)]'`.
 * With `after`, only the words after this option are names.
 */
export const NAME_TAKERS: readonly {
  readonly names: RegExp;
  readonly after?: RegExp;
  /** Options whose argument, in the same word or the next one, is no name. */
  readonly optionsWithArgument?: RegExp;
}[] = [
  { names: /^(?:unset|getopts)$/ },
  { names: /^read$/, optionsWithArgument: /^-[ers]*(?:[dip]|[ntu]|N)/ },
  { names: /^(?:mapfile|readarray)$/, optionsWithArgument: /^-t?[cdnOsu]/ },
  { names: /^printf$/, after: /^-v/ },
  { names: /^(?:test|\[|\[\[)$/, after: /^-[vR]$/ },
  { names: /^wait$/, after: /^-[A-Za-z]*p/ },
];

/** Builtins that assign: the text before the `=` is a name, the text after it a value. */
export const DECLARERS = /^(?:declare|typeset|local|export|readonly)$/;

/** Variables that bash defines as integers. */
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

/** A word that passes a variable to a program: `env NAME=…`, `srun --export=ALL,NAME=…`, `apptainer exec --env NAME=…`. */
export const PASSED_VARIABLE = /^["']?(?:--?[\w-]+=)?["']?(?:\w+(?:=[^,]*)?,)*([A-Za-z_]\w*)=/;

/** Variables whose value bash, a child bash, or a well-known program expands or runs. Singularity evaluates those for its containers. */
export const CODE_VARIABLES = new RegExp(
  '^(?:PS[0-4]|PROMPT_COMMAND|BASH_(?:ENV|ALIASES|CMDS|FUNC_.*)|ENV|(?:APPTAINER|SINGULARITY)ENV_.*|(?:GIT_)?(?:EDITOR|PAGER)|GIT_(?:SSH|SSH_COMMAND|PROXY_COMMAND|EXTERNAL_DIFF)|' +
    'VISUAL|MANPAGER|LESSOPEN|LESSCLOSE|RSYNC_RSH|TAR_OPTIONS|MAKEFLAGS|PERL5OPT|PERL5DB|RUBYOPT|NODE_OPTIONS)$',
);

/** A file with such a name, or with such a first line, is a script that will be run. */
export const SCRIPT_FILE = /\.(?:sh|bash|slurm|sbatch|py|pl|R|mk)$|(?:^|\/)(?:GNU)?[Mm]akefile$/;
/** Programs that run a file given as argument, or make it executable. */
export const FILE_RUNNERS =
  /^(?:source|\.|(?:ba|da|z|k)?sh|python[0-9.]*|perl|sbatch|srun|exec|env|nohup|time|chmod|at|xargs)$/;

export const SCRIPT_START = /^[ \t]*#!/;

/** A program that runs its arguments. */
export interface Runner {
  readonly names: RegExp;
  /** Options whose argument is the next word. */
  readonly optionsWithArgument?: RegExp;
  /** Options whose arguments are the next two words. */
  readonly optionsWithTwo?: RegExp;
  /** The number of operands before the program: `singularity exec IMAGE PROGRAM`. */
  readonly operands?: number;
  /** The first operand is a subcommand; only these run a program. */
  readonly subcommands?: RegExp;
}

// cspell:disable

/** The long options of srun without an argument, or with one that can only follow an equals sign. */
const SRUN_FLAGS =
  'compress|contiguous|container-(?:mount-home|remap-root|entrypoint|readonly|writable)|disable-status|exact|exclusive|external|hold|' +
  'immediate|interactive|kill-on-bad-exit|kill-on-invalid-dep|label|multi-prog|nice|no-[a-z-]+|overcommit|overlap|oversubscribe|preserve-env|' +
  'propagate|pty|quiet|quit-on-interrupt|reboot|resv-ports|send-libs|spread-job|stepmgr|test-only|unbuffered|use-min-nodes|verbose|x11';

export const RUNNERS: readonly Runner[] = [
  {
    names: /^srun$/,
    optionsWithArgument: new RegExp(`^-[ABCDGJLMNPSTWacdeimnopqrtwx]$|^--(?!(?:${SRUN_FLAGS})$)[a-z][a-z\\d-]*$`),
  },
  { names: /^exec$/, optionsWithArgument: /^-[cl]*a$/ },
  { names: /^env$/, optionsWithArgument: /^-[uC]$|^--(?:unset|chdir)$/ },
  { names: /^(?:sudo|doas)$/, optionsWithArgument: /^-[CDRTUghprtu]$|^--(?:user|group|host|prompt|chdir|chroot)$/ },
  { names: /^stdbuf$/, optionsWithArgument: /^-[ioe]$|^--(?:input|output|error)$/ },
  { names: /^timeout$/, optionsWithArgument: /^-[sk]$|^--(?:signal|kill-after)$/ },
  { names: /^time$/, optionsWithArgument: /^-[fo]$|^--(?:format|output)$/ },
  {
    names: /^numactl$/,
    optionsWithArgument: /^-[CNipm]$|^--(?:cpunodebind|physcpubind|interleave|preferred|membind)$/,
  },
  { names: /^xargs$/, optionsWithArgument: /^-[EILPadns]$|^--(?:max-args|max-procs|arg-file|delimiter)$/ },
  {
    names: /^mpi(?:run|exec)$/,
    optionsWithArgument: /^--?(?:[Hfx]|host|hosts|hostfile|machinefile|map-by|bind-to|rank-by|wdir|wd|genvlist)$/,
    optionsWithTwo: /^--?(?:[gpo]?mca|genv|env)$/,
  },
  {
    names: /^(?:singularity|apptainer)$/,
    optionsWithArgument:
      /^-[BHSWo]$|^--(?:add-caps|app|apply-cgroups|authfile|bind|blkio-weight|blkio-weight-device|config|cpu-shares|cpus|cpuset-cpus|cpuset-mems|cwd|device|dns|docker-host|drop-caps|env|env-file|fusemount|home|hostname|memory|memory-reservation|memory-swap|mount|netns-path|network|network-args|no-mount|overlay|pem-path|pids-limit|pwd|scratch|security|workdir)$/,
    operands: 2,
    subcommands: /^(?:exec|run|shell|test|instance)$/,
  },
  {
    names: /^(?:docker|podman|nerdctl|enroot)$/,
    optionsWithArgument:
      /^-[ehlmpuvw]$|^--(?:env|env-file|volume|mount|user|workdir|name|gpus|device|network|ipc|shm-size|entrypoint|hostname|label|memory|cpus|ulimit|runtime|rc|conf)$/,
    operands: 2,
    subcommands: /^(?:run|exec|start)$/,
  },
  {
    names: /^(?:conda|mamba|micromamba|poetry|pipenv|uv|pixi|accelerate)$/,
    optionsWithArgument:
      /^-[npe]$|^--(?:name|prefix|cwd|with|python|environment|config_file|num_processes|num_machines)$/,
    operands: 1,
    subcommands: /^(?:run|launch)$/,
  },
  // All options take an argument.
  { names: /^nsys$/, optionsWithArgument: /^-[^=]+$/, operands: 1, subcommands: /^(?:profile|launch)$/ },
  {
    names: /^perf$/,
    optionsWithArgument: /^-[eoFrcp]$|^--(?:event|output|freq|repeat|call-graph)$/,
    operands: 1,
    subcommands: /^(?:stat|record|trace)$/,
  },
  { names: /^(?:strace|ltrace)$/, optionsWithArgument: /^-[abeopsuEIOPSXU]$/ },
  {
    names: /^(?:torchrun|deepspeed|horovodrun)$/,
    optionsWithArgument: /^--?(?!(?:standalone|no[-_]python|verbose)$)[a-z][\w-]+$|^-[Hnp]+$/,
  },
  { names: /^(?:valgrind|catchsegv|unshare|setpriv|prlimit|ibrun|aprun|jsrun|xvfb-run|dbus-run-session)$/ },
  { names: /^(?:chroot|chrt|ch-run)$/, optionsWithArgument: /^-[bc]$|^--(?:bind|cd)$/, operands: 1 },
  { names: /^flock$/, optionsWithArgument: /^-[wE]$|^--(?:timeout|wait|conflict-exit-code)$/, operands: 1 },
  { names: /^(?:ba|da|z|k)?sh$/, optionsWithArgument: /^[-+][A-Za-z]*[oO]$|^--(?:rcfile|init-file)$/ },
  { names: /^(?:command|builtin|nohup|setsid|nice|ionice|taskset|run|jobs|python[0-9.]*|perl|ruby)$/ },
];
