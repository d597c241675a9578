// The container arguments of a task: each as in the table, hostile ones in real bash, and mounts within the allowed directories.
import { expect } from 'chai';
import fc from 'fast-check';
import { quoteWord } from '../../../src/base/shell-word.ts';
import { ARGUMENTS } from '../../../src/sbatch-template/containers/container-argument-table.ts';
import {
  ContainerArgumentError,
  parseContainerArguments,
  singularityOptions,
} from '../../../src/sbatch-template/containers/parse-container-arguments.ts';
import { hostileText } from '../hostile-values.ts';

/** What a title shows in place of a part that says nothing alone. */
const WHOLE: ReadonlyMap<string, string> = new Map([
  ['no others', 'the container has the permissions of the user of the job, and no others'],
  ['needs the variables', 'the agent inside the container needs the variables and directories of the job'],
  ['caret, backslash', 'has a comma, colon, caret, backslash or control character'],
  ['a comma', 'has a comma'],
]);

const NOTHING = { mounts: [], passed: [], environment: [], ignored: [] };

describe('the parser of container arguments', () => {
  for (const [written, options] of [
    ['-v /data:/data', ['--bind', '/data:/data']],
    ['-v /data', ['--bind', '/data:/data']],
    ['--volume=/data/sets:/in:ro', ['--bind', '/data/sets:/in:ro']],
    ['-v "/data/my sets:/in:z"', ['--bind', '/data/my sets:/in']],
    ['--mount type=bind,src=/data,dst=/in,readonly', ['--bind', '/data:/in:ro']],
    ['--bind /data:/in --nv', ['--bind', '/data:/in', '--nv']],
    ['--rocm --writable-tmpfs', ['--rocm', '--writable-tmpfs']],
  ] as const) {
    it(`parses \`${written}\` as \`${options.join(' ')}\``, () => {
      const read = parseContainerArguments(written, ['/data/']);
      expect([singularityOptions(read), read.environment, read.ignored]).to.deep.equal([options, [], []]);
    });
  }

  for (const [written, environment] of [
    ['-e A=b', [{ name: 'A', value: 'b' }]],
    ['-eA=b', [{ name: 'A', value: 'b' }]],
    [
      `--env=A='b "c"' --env B=x=y,z=1`,
      [
        { name: 'A', value: 'b "c"' },
        { name: 'B', value: 'x=y,z=1' },
      ],
    ],
    ['-e A=', [{ name: 'A', value: '' }]],
    ['-e LD_LIBRARY_PATH=/x', [{ name: 'LD_LIBRARY_PATH', value: '/x' }]],
    ['-e CLEARML_LOG_LEVEL=INFO', [{ name: 'CLEARML_LOG_LEVEL', value: 'INFO' }]],
    ['-e INHERITED', []],
  ] as const) {
    it(`reads ${environment.length === 0 ? 'no environment variable' : 'environment variables'} from \`${written}\``, () => {
      expect(parseContainerArguments(written, [])).to.deep.equal({ ...NOTHING, environment });
    });
  }

  it('ignores five arguments that have no effect, and reports each argument', () => {
    const { mounts, passed, environment, ignored } = parseContainerArguments(
      '--ipc=host --shm-size 8g -it --gpus all --network host',
      [],
    );
    expect([mounts, passed, environment]).to.deep.equal([[], [], []]);
    expect(ignored.map((sentence) => /argument (\S+) is ignored: .+\.$/.exec(sentence)?.[1])).to.deep.equal([
      ...['--ipc', '--shm-size', '-it', '--gpus', '--network'],
    ]);
  });

  for (const [written, reason] of [
    ['--hostname=x', 'the container uses the host name, network, memory and processes of its node'],
    ['--uts=host', 'the container uses the host name, network, memory and processes of its node'],
    ['--tmpfs /run', 'a task can mount only files and directories of the node'],
  ] as const) {
    it(`ignores \`${written}\`, because ${reason}`, () => {
      const name = /^--\w+/.exec(written)?.[0] ?? '';
      expect(parseContainerArguments(written, []).ignored).to.deep.equal([
        `The container argument ${name} is ignored: ${reason}.`,
      ]);
    });
  }

  for (const [written, words] of [
    ['--privileged', 'no others'],
    ['-u root', 'no others'],
    ['--user=0', 'no others'],
    ['--security=seccomp:/x', 'no others'],
    ['--add-caps CAP_SYS_ADMIN', 'no others'],
    ['--writable', 'the image is read-only'],
    ['--overlay /x', 'the image is read-only'],
    ['--containall', 'needs the variables'],
    ['--nv=x', 'takes no value'],
    ['--frobnicate', 'is not supported'],
    ['ubuntu', 'is not an option'],
    ['-- x', 'is not supported'],
    ['-e', 'requires a value'],
    ["-e 'A", 'an unpaired quote'],
    ["-e 'x[$(id)]=1'", 'the name of a variable'],
    ['-e CLEARML_WORKER_ID=mine', 'set by the job'],
    ['-e SLURM_PROCID=1', 'set by the job'],
    ['-e clearml_task=abc', 'set by the job'],
    ['--env=clearml_trusted_group=', 'set by the job'],
    ['-e IFS=x', 'changes the job script'],
    ['-e _=x', 'changes the job script'],
    ['-e BASH_ENV=x', 'changes the job script'],
    ['-e PS4=x', 'changes the job script'],
    ['-e SHELLOPTS=x', 'changes the job script'],
    ['-e BASHOPTS=x', 'changes the job script'],
    ['-e ENV=x', 'changes the job script'],
    ['-e LD_PRELOAD=x', 'changes the job script'],
    ['-e RANDOM=x', 'changes the job script'],
    ['-e POSIXLY_CORRECT=x', 'changes the job script'],
    ['-v /etc:/etc', 'must not be mounted'],
    ['-v /database:/x', 'must not be mounted'],
    ['-v /data/../etc:/x', '".." in a path'],
    ['-v data:/x', 'does not begin with a slash'],
    ['-v /data:/x:rw:y', 'is not a mount'],
    ['-v /data:/x:suid', 'is not a mount'],
    ['--mount type=tmpfs,dst=/x', 'is not a mount'],
    ["-v '/data/a,/etc:/x'", 'a comma'],
    ["-v '/data:/x^:ro'", 'caret, backslash'],
  ] as const) {
    it(`rejects \`${written}\` with the message "… ${WHOLE.get(words) ?? words} …"`, () => {
      expect(() => parseContainerArguments(written, ['/data'])).to.throw(ContainerArgumentError, words);
    });
  }

  it('reports a repeated argument once, and rejects arguments of 500,000 characters', () => {
    expect(parseContainerArguments('--rm '.repeat(10_000), []).ignored).to.have.length(1);
    expect(() => parseContainerArguments('--rm '.repeat(100_000), [])).to.throw(
      ContainerArgumentError,
      'have 500000 characters',
    );
  });

  it('rejects every mount if container_mounts is empty, and accepts every mount if container_mounts is not set', () => {
    expect(() => parseContainerArguments('-v /data:/data', [])).to.throw(ContainerArgumentError, 'allows no directory');
    expect(parseContainerArguments('-v /any:/x', undefined).mounts).to.deep.equal(['/any:/x']);
    expect(parseContainerArguments('-v /any:/x', ['/']).mounts).to.deep.equal(['/any:/x']);
  });

  it('has a table that lists each argument only once', () => {
    const names = ARGUMENTS.flatMap((row) => row.names);
    expect(new Set(names)).to.have.property('size', names.length);
  });

  it('creates only permitted options from random hostile arguments', () => {
    const option = fc.constantFrom(...ARGUMENTS.flatMap(({ names }) => names));
    const word = fc.oneof(
      option,
      hostileText(),
      fc.tuple(option, hostileText()).map(([a, b]) => `${a}=${b}`),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), fc.boolean(), (words, isQuoted) => {
        const written = words.map((text) => (isQuoted && !text.includes('\0') ? quoteWord(text) : text)).join(' ');
        try {
          const { mounts, passed, environment } = parseContainerArguments(written, ['/data']);
          for (const mount of mounts) expect(mount).to.match(/^\/data(?:\/[^:,\\^]*)?:\/[^:,\\^]*(?::ro)?$/);
          for (const name of passed) expect(name).to.match(/^--(?:nv|nvccli|rocm|writable-tmpfs|no-home|no-init)$/);
          for (const { name } of environment) expect(name).to.match(/^[A-Za-z_]\w*$/);
        } catch (error) {
          if (!(error instanceof ContainerArgumentError)) throw error;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
