// Which values are secrets, in the output and in the log.
import { expect } from 'chai';
import { plainTree, type ConfigTree } from '../../src/config/config-tree.ts';
import { parseHocon } from '../../src/config/hocon/parse-hocon.ts';
import { secretValues, withoutSecrets } from '../../src/config/redact-secret-settings.ts';

function treeOf(text: string): ConfigTree {
  return parseHocon('a.conf', text, { environment: {}, readInclude: () => undefined });
}

function shown(text: string): unknown {
  return plainTree(withoutSecrets(treeOf(text)));
}

describe('the printed configuration', () => {
  it('masks the values of the settings that clearml-agent masks', () => {
    expect(
      shown(
        'git_pass: a, SECRET_KEY: b, auth_token: c, account_key: d, contents: e, password.list: [f, {g: h}], user: i',
      ),
    ).to.deep.equal({
      git_pass: '********',
      SECRET_KEY: '********',
      auth_token: '********',
      account_key: '********',
      contents: '********',
      password: { list: ['********', { g: '********' }] },
      user: 'i',
    });
  });

  it('masks every value of an environment section, including numbers', () => {
    expect(shown('agent.environment { A: 1, B { C: d } }')).to.deep.equal({
      agent: { environment: { A: '********', B: { C: '********' } } },
    });
  });

  it('shows token_expiration_threshold_sec and similar settings, which are no secrets', () => {
    const text = 'enable_git_ask_pass: "no", token_expiration_threshold_sec: 43200, secret: "", use_password: false';

    expect(shown(text)).to.deep.equal({
      enable_git_ask_pass: 'no',
      token_expiration_threshold_sec: 43200,
      secret: '',
      use_password: false,
    });
  });

  it('masks a secret inside a URL or an option', () => {
    expect(
      shown('a: "https://ada:pw@h/x and ssh://key@h", b: ["-e", "HF_TOKEN=abc", "--shm-size=8g"], c: "git@host:x"'),
    ).to.deep.equal({
      a: 'https://********@h/x and ssh://********@h',
      b: ['-e', 'HF_TOKEN=********', '--shm-size=8g'],
      c: 'git@host:x',
    });
  });
});

describe('the list of secrets in a configuration', () => {
  it('contains each value of a secret setting once', () => {
    expect(secretValues(treeOf('a.git_pass: one, b.secret: [two, 3], c.token: one, d: open'))).to.deep.equal([
      'one',
      'two',
      '3',
    ]);
  });

  it('contains passwords inside URLs, and the "abc" of "-e API_KEY=abc"', () => {
    expect(secretValues(treeOf('a: "https://ada:pw@h/x", b: "https://token1@h", c: "-e API_KEY=abc"'))).to.deep.equal([
      'pw',
      'token1',
      'abc',
    ]);
  });

  it('contains values of an environment section, except plain words, numbers and paths', () => {
    const text =
      'environment { A: "k8-Xy_9", B: production, C: 12, D: /scratch/hf, E: "~/x", MY_TOKEN: word, F: true }';

    expect(secretValues(treeOf(text))).to.deep.equal(['k8-Xy_9', 'word']);
  });
});
