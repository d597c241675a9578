// The environment variables: the setting that each replaces, and the errors for invalid values.
import { expect } from 'chai';
import { plainTree } from '../../src/config/config-tree.ts';
import {
  dynamicVariables,
  NAMED_VARIABLES,
  namedVariables,
  readSurroundings,
} from '../../src/config/environment-variables.ts';
import { ConfigError } from '../../src/config/errors.ts';
import { catchError } from './catch-error.ts';

function dynamic(environment: Record<string, string>): unknown {
  return plainTree(dynamicVariables(environment));
}

function named(environment: Record<string, string>): unknown {
  return plainTree(namedVariables(environment));
}

describe('a CLEARML_AGENT__ variable', () => {
  // What the agent itself makes of these values was found by running it.
  const values: readonly [text: string, value: unknown][] = [
    ['123', 123],
    ['0123', 123],
    ['1.5', 1.5],
    ['True', true],
    ['null', null],
    ['yes', 'yes'],
    ['', ''],
    ['a b', 'a b'],
    ['["a","b"]', ['a', 'b']],
    ['[a,b]', ['a', 'b']],
    ['{a: 5}', { a: 5 }],
    ['http://x:80/y', 'http://x:80/y'],
    ['http://x/y #z', 'http://x/y'],
    ['${HOME}', '/home/ada'],
    ['${HOME}/x', '/home/ada/x'],
    ['"${HOME}"', '${HOME}'],
    ["'q'", "'q'"],
    ['/scratch/a b', '/scratch/a b'],
    ['"a@b"', 'a@b'],
    ['"""two\nlines"""', 'two\nlines'],
  ];
  for (const [text, value] of values) {
    it(`with the value ${JSON.stringify(text)} sets a setting to ${JSON.stringify(value)}`, () => {
      expect(dynamic({ CLEARML_AGENT__A: text, HOME: '/home/ada' })).to.deep.equal({ a: value });
    });
  }

  for (const text of [
    'a,b',
    'a=b',
    'a@b',
    'a*b',
    'a&b',
    'a!b',
    'a+b',
    'a{b',
    'a}b',
    'a$b',
    'a\nb',
    '${NO_SUCH}',
    '"a',
  ]) {
    it(`with the value ${JSON.stringify(text)} causes an error that names the variable`, () => {
      const problem = catchError(ConfigError, () => dynamic({ CLEARML_AGENT__API__X: text }));

      expect(problem.message).to.match(/^CLEARML_AGENT__API__X: /);
      expect(problem.origin).to.deep.equal({ kind: 'variable', name: 'CLEARML_AGENT__API__X' });
    });
  }

  it('sets api.api_server if its name is CLEARML_AGENT__API__API_SERVER', () => {
    expect(
      dynamic({
        CLEARML_AGENT__API__API_SERVER: 'http://x',
        CLEARML_AGENT__AGENT__SLURM__GRACE__END_SEC: '5',
        CLEARML_AGENT__SDK__A__B: 'c',
        CLEARML_AGENT_X: 'no',
        TRAINS_AGENT__Y: 'no',
      }),
    ).to.deep.equal({
      api: { api_server: 'http://x' },
      agent: { slurm: { grace: { end_sec: 5 } } },
      sdk: { a: { b: 'c' } },
    });
  });

  it('such as CLEARML_AGENT__A__B takes precedence over CLEARML_AGENT__A', () => {
    expect(dynamic({ CLEARML_AGENT__A__B: '1', CLEARML_AGENT__A: '{b: 0, c: 2}' })).to.deep.equal({
      a: { b: 1, c: 2 },
    });
  });

  it('sets nothing if the value is "${?NO_SUCH}" and NO_SUCH is undefined', () => {
    expect(dynamic({ CLEARML_AGENT__A: '${?NO_SUCH}' })).to.deep.equal({});
  });

  it('causes an error if the name is CLEARML_AGENT__ or CLEARML_AGENT__A____B', () => {
    expect(() => dynamic({ CLEARML_AGENT__: '1' })).to.throw(ConfigError, 'CLEARML_AGENT__: names no setting');
    expect(() => dynamic({ CLEARML_AGENT__A____B: '1' })).to.throw(ConfigError, 'CLEARML_AGENT__A____B');
  });
});

describe('an environment variable such as CLEARML_API_HOST', () => {
  it('sets exactly one setting', () => {
    for (const { names, path, kind } of NAMED_VARIABLES) {
      for (const name of names) {
        const text = { text: 'some text', switch: 'off', number: '7.5' }[kind];
        const value = { text: 'some text', switch: false, number: 7.5 }[kind];
        const expected = path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);

        expect(named({ [name]: text }), name).to.deep.equal(expected);
      }
    }
  });

  it('takes precedence over the old name TRAINS_API_HOST unless the new variable is empty', () => {
    expect(named({ TRAINS_API_HOST: 'old', CLEARML_API_HOST: 'new' })).to.deep.equal({ api: { api_server: 'new' } });
    expect(named({ TRAINS_API_HOST: 'old', CLEARML_API_HOST: ' ' })).to.deep.equal({ api: { api_server: 'old' } });
    expect(named({ CLEARML_API_HOST: '' })).to.deep.equal({});
  });

  it('is used as written even if the value contains HOCON syntax', () => {
    expect(named({ CLEARML_API_SECRET_KEY: 'a@b{$c}#"d' })).to.deep.equal({
      api: { credentials: { secret_key: 'a@b{$c}#"d' } },
    });
  });

  it('is rejected if a number is required and the value is "5s"', () => {
    expect(() => named({ CLEARML_API_HOST_VERIFY_CERT: 'maybe' })).to.throw(
      ConfigError,
      'CLEARML_API_HOST_VERIFY_CERT: must be true or false',
    );
    expect(() => named({ CLEARML_AGENT_QUEUE_POLL_FREQ_SEC: '5s' })).to.throw(
      ConfigError,
      'CLEARML_AGENT_QUEUE_POLL_FREQ_SEC: must be a number',
    );
  });
});

describe('the environment of the program', () => {
  it('names the configuration file in CLEARML_CONFIG_FILE, or else in TRAINS_CONFIG_FILE', () => {
    expect(readSurroundings({ TRAINS_CONFIG_FILE: '/t' }).configFile).to.deep.equal({
      variable: 'TRAINS_CONFIG_FILE',
      path: '/t',
    });
    expect(readSurroundings({ TRAINS_CONFIG_FILE: '/t', CLEARML_CONFIG_FILE: '/c' }).configFile?.path).to.equal('/c');
  });

  it('provides the log level, the debug mode and the journal stream', () => {
    const around = readSurroundings({
      CLEARML_LOG_LEVEL: 'DEBUG',
      CLEARML_SLURM_GLUE_DEBUG: '1',
      JOURNAL_STREAM: '8:5',
    });

    expect(around.logLevel).to.equal('debug');
    expect(around.isDebugging).to.equal(true);
    expect(around.journalStream).to.equal('8:5');
    expect(readSurroundings({ CLEARML_SLURM_GLUE_DEBUG: '0' }).isDebugging).to.equal(false);
  });

  it('names the proxy in https_proxy rather than in HTTPS_PROXY, as for Python', () => {
    const around = readSurroundings({ https_proxy: 'low', HTTPS_PROXY: 'high', HTTP_PROXY: 'high', NO_PROXY: 'here' });

    expect([around.httpsProxy, around.httpProxy, around.noProxy]).to.deep.equal(['low', 'high', 'here']);
  });
});
