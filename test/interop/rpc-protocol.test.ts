import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestNode } from '../api/test-node.ts';
import { type Bitcoind, bitcoinCli, type CliResult, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';

const GENESIS = '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206';

describeBitcoind('the JSON-RPC protocol, compared with bitcoind', () => {
  let theirs: Bitcoind;
  let ours: TestNode;

  beforeAll(async () => {
    [theirs, ours] = await Promise.all([startBitcoind(), TestNode.start()]);
  });
  afterAll(async () => {
    await Promise.all([ours?.stop(), theirs?.stop()]);
  });

  /** Sends bytes and returns what the server sends until it closes the connection, without what depends on the time. */
  async function exchange(port: number, cookieFile: string, request: (authorization: string) => string) {
    const authorization = `Authorization: Basic ${(await readFile(cookieFile)).toString('base64')}`;
    // The second request ends the connection, if the first does not.
    const last = 'POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
    const socket = connect(port, '127.0.0.1')
      .setEncoding('latin1')
      .on('error', () => {});
    let text = '';
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.write(`${request(authorization)}${last}`, 'latin1');
    await once(socket, 'close');
    // The order of headers has no meaning; Pier's replies to HTTP/1.0 say 1.1, and have the length of the body.
    return text.replace(/HTTP\/1\.[01] (\d+ [^\r]*)\r\n(.*?)\r\n\r\n/gs, (_, status: string, headers: string) => {
      const lines = headers.split('\r\n').filter((line) => !line.startsWith('Date: '));
      return [`${status}`, ...lines.sort(), '', ''].join('\n');
    });
  }

  async function post(port: number, cookieFile: string, path: string, body: string | Uint8Array<ArrayBuffer>) {
    const authorization = `Basic ${(await readFile(cookieFile)).toString('base64')}`;
    const reply = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body, headers: { authorization } });
    return [reply.status, reply.headers.get('content-type'), await reply.text()];
  }

  const requests: unknown[] = [
    { method: 'getblockcount' },
    { id: 1, method: 'getblockcount' },
    { id: 'text', method: 'getblockcount', params: null },
    { id: null, method: 'getblockcount', params: {} },
    { id: true, method: 'getblockcount' },
    { jsonrpc: '1.0', id: 1, method: 'getblockcount' },
    { jsonrpc: null, id: 1, method: 'getblockcount' },
    { jsonrpc: '2.0', id: 1, method: 'getblockcount' },
    { jsonrpc: '2.0', id: null, method: 'getblockcount' },
    { jsonrpc: '2.0', method: 'getblockcount' },
    { jsonrpc: '2.0', method: 'nosuchmethod' },
    { jsonrpc: '2.0', id: 1, method: 'nosuchmethod' },
    { jsonrpc: '2.0', id: 1, method: 'getblockhash', params: [-1] },
    { jsonrpc: '2.0', id: 1 },
    { jsonrpc: '2.0' },
    [{ jsonrpc: '2.0' }],
    [{ jsonrpc: '2.0' }, { jsonrpc: '2.0', id: 5, method: 5 }],
    { id: 1, method: 'nosuchmethod' },
    { id: 1 },
    { id: 1, method: 5 },
    { id: 1, method: 'getblockhash', params: 5 },
    { id: 1, method: 'getblockhash', params: [0] },
    { id: 1, method: 'getblockhash', params: { height: 0 } },
    { id: 1, method: 'getblockhash', params: { args: [0] } },
    { id: 1, method: 'getblockhash', params: { args: [0], height: 0 } },
    { id: 1, method: 'getblockhash', params: { nonsense: 0 } },
    { id: 1, method: 'getblockheader', params: { args: [GENESIS], verbose: false } },
    { id: 1, method: 'getblock', params: { blockhash: GENESIS, verbose: 0 } },
    { id: 1, method: 'getblock', params: { blockhash: 'zz', verbosity: 0 } },
    { id: 1, method: 'getblock', params: [5, 'a'] },
    [],
    [1, 'a', null, []],
    [{ jsonrpc: '2.0', id: 7, method: 'getblockcount' }, 1, { id: [8], method: 'nosuchmethod' }, null],
    [{ jsonrpc: '2.0', method: 'getblockcount' }, 1],
    [{ id: 1, method: 'getblockcount' }, { jsonrpc: '2.0', id: 2, method: 'nosuchmethod' }, { method: 'nosuchmethod' }],
    [{ jsonrpc: '2.0', method: 'getblockcount' }],
    5,
    'text',
    null,
  ];

  it('responds to the same requests with the same status, content type and body', async () => {
    for (const body of [...requests.map((request) => JSON.stringify(request)), '', '{', '{"id":1,}', '\u0000']) {
      const [expected, actual] = await Promise.all([
        post(theirs.rpcPort, theirs.cookieFile, '/', body),
        post(ours.server.port, ours.server.cookieFile, '/', body),
      ]);
      expect(actual, body).toEqual(expected);
    }
  });

  it('reads JSON alike: nothing is rounded, dropped or added', async () => {
    const to = 'bcrt1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqseac85';
    const txid = '11'.repeat(32);
    const nested = (depth: number) => `{"id":${'['.repeat(depth)}${']'.repeat(depth)},"method":"getblockcount"}`;
    const create = (inputs: string, outputs: string, rest = '') =>
      `{"id":1,"method":"createrawtransaction","params":[${inputs},${outputs}${rest}]}`;
    const amounts = [
      ...[
        '5.4750000000000005',
        '0.000000001',
        '1e-9',
        '1e-8',
        '1E-5',
        '0.1e1',
        '1.000000000',
        '0.10000000000000000001',
      ],
      ...[
        '20999999.99999999',
        '21000000',
        '21000000.00000001',
        '1e400',
        '-0',
        '-1e-8',
        '0.1e-999',
        '1e+2',
        '0e-9',
        '0e9',
      ],
      ...[
        '0e10',
        '00.1',
        '01',
        '.5',
        '+1',
        '5.',
        '1e',
        '"1e-8"',
        '".5"',
        '"5."',
        '"+1"',
        '" 1"',
        '"0x10"',
        '""',
        'true',
      ],
      ...['null', '[]', '{}', '9999999999.99999999', '10000000000', '"0.000000010"'],
    ];
    const integers = [
      '1.0',
      '1e0',
      '-0',
      '2147483647',
      '2147483648',
      '4294967296',
      '1e400',
      '9223372036854775808',
      '"1"',
    ];
    const texts = [
      ...amounts.map((amount) => create('[]', `[{"${to}":${amount}}]`)),
      ...integers.map((height) => `{"id":1,"method":"getblockhash","params":[${height}]}`),
      ...integers.map((vout) => create(`[{"txid":"${txid}","vout":${vout}}]`, '[]')),
      ...integers.map((sequence) => create(`[{"txid":"${txid}","vout":0,"sequence":${sequence}}]`, '[]')),
      ...integers.map((lockTime) => create('[]', '[]', `,${lockTime}`)),
      ...[
        ...['12345678901234567890', '9007199254740993', '1.0', '1.50', '1e999', '-0', '1E5', '[1,{"a":[]}]', '1.', '-'],
        ...['{"a":1,"a":2}', '{"b":1,"1":2,"0":3,"b":4}', '{"__proto__":1}', '"\\u007f"', '"\x7f"', '"\\u0000"'],
        ...['"\\ud800"', '"\\udc00"', '"\\ud800a"', '"\\ud800\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"'],
      ].flatMap((id) => [
        `{"id":${id},"method":"getblockcount"}`,
        `{"jsonrpc":"2.0","id":${id},"method":"nosuchmethod"}`,
        `[{"id":${id},"method":"getblockcount"}]`,
      ]),
      ...[510, 511, 512, 513].map(nested),
      ...[...amounts, '1', '"1"', '0.99999999', '1.0'].flatMap((amount) => [
        `{"id":1,"method":"testmempoolaccept","params":[["00"],${amount}]}`,
        `{"id":1,"method":"submitpackage","params":[["00","00"],${amount}]}`,
        `{"id":1,"method":"submitpackage","params":[["00","00"],0,${amount}]}`,
      ]),
      ...['1', '"1"', '0.1e1', '1e9', '0.000000001', '-1'].map(
        (rate) => `{"id":1,"method":"sendrawtransaction","params":["00",${rate}]}`,
      ),
      // Outputs of one satoshi whose scripts fail wherever they are: a reserved opcode, a push that is too long or cut off.
      ...[
        '51',
        '6a',
        'ff',
        '51ba',
        '51b9',
        `4d0902${'00'.repeat(521)}`,
        `4d0802${'00'.repeat(520)}`,
        '02ff',
        '63ff',
      ].map((script) => {
        const size = script.length / 2;
        const length = Buffer.from(size < 253 ? [size] : [253, size & 255, size >> 8]).toString('hex');
        const output = `0100000000000000${length}${script}`;
        return `{"id":1,"method":"sendrawtransaction","params":["0200000001${txid}0000000000ffffffff01${output}00000000"]}`;
      }),
      // Beyond 32 bits; Knots does not require the last argument.
      ...[...integers, '-2147483649', '9223372036854775807', '-9223372036854775808', '-9223372036854775809'].map(
        (delta) => `{"id":1,"method":"prioritisetransaction","params":["${txid}",0,${delta}]}`,
      ),
      ...[...integers, '-1', 'true', '[]'].flatMap((integer) => [
        `{"id":1,"method":"gettxout","params":["${txid}",${integer}]}`,
        `{"id":1,"method":"getblockstats","params":[${integer.replace(/^-0$/, '-1')}]}`,
        `{"id":1,"method":"addpeeraddress","params":["nonsense",${integer}]}`,
        `{"id":1,"method":"disconnectnode","params":["",${integer}]}`,
      ]),
      ...['UNSET', 'Economical', 'CONSERVATIVE', 'economy', ''].map(
        (mode) => `{"id":1,"method":"estimatesmartfee","params":[0,"${mode}"]}`,
      ),
      '{"id":1,"method":"estimatesmartfee","params":[1,"economy"]}',
      '{"id":1,"method":"disconnectnode","params":[""]}',
      '{"id":1,"method":"getblockhash","params":{"height":1,"height":2}}',
      '{"id":1,"method":"getblockhash","params":{"args":[1],"args":[2]}}',
      '{"id":1,"method":"getblockhash","params":{"__proto__":1}}',
      '{"id":1,"method":"getblockcount","method":"getbestblockhash","params":[]}',
      '{"id":1,"id":2,"method":"__proto__"}',
      create('[]', `{"${to}":0.1,"${to}":0.2}`),
      create('[]', `[{"${to}":0.1},{"${to}":0.2}]`),
      create('[]', '{"data":"00","data":"01"}'),
      create('[]', '{"__proto__":0.1}'),
      create('[]', '[{"__proto__":"00"}]'),
      create('[]', `{"${to}":0.1,"${to.toUpperCase()}":0.2}`),
      create('[]', `{"${to}":0.1,"data":"00","1":0.2,"0":0.3}`),
      ...['[{}]', '[{"data":"00"},{}]', `[{"data":"00","${to}":1}]`, `[{"${to}":1,"${to}":2}]`].map((outputs) =>
        create('[]', outputs),
      ),
      ...['null', 'true', 'false', '[]', '{}', '5', '1.0', '"0"', '""', '"0G"'].map((data) =>
        create('[]', `[{"data":${data}}]`),
      ),
      ...['5', '[5]', '"a"', 'null', '{}', '[[]]'].map((outputs) => create('[]', outputs)),
      ...['5', '[5]', '{}', '[{}]', `[{"txid":"${txid}"}]`, `[{"vout":0}]`].map((inputs) => create(inputs, '{}')),
      create(`[{"txid":"${txid}","txid":"${'22'.repeat(32)}","vout":0}]`, '{}'),
      ...['"\\ud834\\udd1e"', '"\\/\\b\\u0041"', '"\\x"', '"\u0001"', '"é"'].map(
        (id) => `{"id":${id},"method":"getblockcount"}`,
      ),
    ];
    for (const text of texts) {
      const [expected, actual] = await Promise.all([
        post(theirs.rpcPort, theirs.cookieFile, '/', text),
        post(ours.server.port, ours.server.cookieFile, '/', text),
      ]);
      expect.soft(actual, text.slice(0, 200)).toEqual(expected);
    }
  });

  it('refuses bytes that are not UTF-8', async () => {
    // UniValue accepts longer encodings than necessary, and surrogate pairs of three bytes each; Pier does not.
    for (const hex of [
      'ff',
      'c3',
      'c328',
      'e282',
      'eda0bd',
      'f888808080',
      '80',
      'c3a9',
      'f09f9880',
      'efbfbd',
      'efbbbf',
    ]) {
      for (const [before, after] of [
        ['{"id":"', '","method":"getblockcount"}'],
        ['{"id":1,"method":"', '"}'],
        ['{"id":1,"method":"getblockcount","', '":1}'],
        ['', '{"id":1,"method":"getblockcount"}'],
      ] as const) {
        const body = Buffer.concat([Buffer.from(before), Buffer.from(hex, 'hex'), Buffer.from(after)]);
        const [expected, actual] = await Promise.all([
          post(theirs.rpcPort, theirs.cookieFile, '/', body),
          post(ours.server.port, ours.server.cookieFile, '/', body),
        ]);
        expect(actual, body.toString('latin1')).toEqual(expected);
      }
    }
  });

  it('answers the same bytes with the same head and body, and closes the connection after the same', async () => {
    const call = '{"id":1,"method":"getblockcount"}';
    const head = (line: string, ...headers: string[]) => [line, 'Host: x', ...headers, '', ''].join('\r\n');
    const withBody = (body: string, ...headers: string[]) =>
      head('POST / HTTP/1.1', ...headers, `Content-Length: ${body.length}`) + body;
    const chunked = (body: string, ...headers: string[]) =>
      head('POST / HTTP/1.1', 'Transfer-Encoding: chunked', ...headers) + body;
    const padded = (size: number, authorization: string, path = '/') => {
      const fixed = `POST ${path} HTTP/1.1Host: xX: Content-Length: ${call.length}${authorization}`.length;
      return (
        head(`POST ${path} HTTP/1.1`, authorization, `X: ${'a'.repeat(size - fixed)}`, `Content-Length: 33`) + call
      );
    };
    const requests: ((authorization: string) => string)[] = [
      (authorization) => withBody(call, authorization),
      (authorization) => withBody('{"id":1,"method":"nosuchmethod"}', authorization),
      (authorization) => withBody('{"id":1,"method":"getblockhash","params":[99]}', authorization),
      (authorization) => withBody('{"jsonrpc":"2.0","method":"getblockcount"}', authorization),
      (authorization) => withBody(call, authorization, 'Connection: close'),
      (authorization) => withBody(call, authorization).replace('Host: x\r\n', ''),
      (authorization) => withBody(call, authorization).repeat(3),
      (authorization) => withBody(call, authorization, 'Expect: something'),
      (authorization) => withBody(call, authorization, 'Content-Type: text/plain; charset=latin1'),
      (authorization) => chunked(`21\r\n${call}\r\n0\r\n\r\n`, authorization),
      (authorization) => chunked(`21\r\n${call}\r\n0\r\nA: b\r\n\r\n`, authorization),
      (authorization) => chunked(`21\r\n${call}\r\n0\r\n\r\n`, authorization, 'Content-Length: 3'),
      // Without a length there is no body.
      (authorization) => head('POST / HTTP/1.1', authorization),
      ...['-1', 'abc', '0x21', '33abc', '', '1e3', '33,33', '33554433', '33 '].map(
        (length) => (authorization: string) =>
          head('POST / HTTP/1.1', authorization, `Content-Length: ${length}`) + call,
      ),
      ...[8_191, 8_192, 8_193, 9_000].flatMap((size) => [
        (authorization: string) => padded(size, authorization),
        (authorization: string) => padded(size, authorization, '/nonsense'),
      ]),
      ...['GET', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH', 'FOO', 'post', 'PROPFIND', 'MKCOL', 'SEARCH'].flatMap(
        (method) => [() => head(`${method} / HTTP/1.1`), () => head(`${method} /nonsense HTTP/1.1`)],
      ),
      ...['/nonsense', '/wallet', '//', '/?a=1', '/#a', '*', '/%2f', '/rest/chaininfo.json', ''].map(
        (path) => () => head(`POST ${path} HTTP/1.1`, 'Content-Length: 0'),
      ),
      ...['Basic YTpi', 'Basic !', 'nonsense', 'basic YTpi', ''].map(
        (credentials) => () => withBody(call, `Authorization: ${credentials}`),
      ),
      () => withBody(call),
      (authorization) => withBody(call, authorization.replace('Basic', 'basic')),
      (authorization) => withBody(call, authorization.replace('Basic ', 'Basic \t  ')),
      (authorization) => withBody(call, authorization, 'Authorization: Basic YTpi'),
      (authorization) => withBody(call, 'Authorization: Basic YTpi', authorization),
      () => 'GET /\r\n\r\n',
      () => head('POST / HTTP/2.0', 'Content-Length: 0'),
      () => 'nonsense\r\n\r\n',
      () => '\x16\x03\x01\x00\xff\r\n\r\n',
      () => head('POST / HTTP/1.1', 'nocolon'),
    ];
    for (const request of requests) {
      const [expected, actual] = await Promise.all([
        exchange(theirs.rpcPort, theirs.cookieFile, request),
        exchange(ours.server.port, ours.server.cookieFile, request),
      ]);
      expect.soft(actual, request('AUTH').slice(0, 200)).toEqual(expected);
    }
    // libevent writes neither a date nor a length to HTTP/1.0, whose replies end with the connection.
    const old =
      (...headers: string[]) =>
      (authorization: string) =>
        withBody(call, authorization, ...headers).replace('HTTP/1.1', 'HTTP/1.0');
    const kept = await exchange(ours.server.port, ours.server.cookieFile, old('Connection: keep-alive'));
    expect(kept).toEqual(await exchange(theirs.rpcPort, theirs.cookieFile, old('Connection: keep-alive')));
    const closed = await exchange(ours.server.port, ours.server.cookieFile, old());
    expect(closed.replace(/Con(nection|tent-Length): .*\n/g, '')).toEqual(
      await exchange(theirs.rpcPort, theirs.cookieFile, old()),
    );
  });

  it('asks for the body of a request that expects to be asked', async () => {
    const socket = connect(ours.server.port, '127.0.0.1').setEncoding('latin1');
    const authorization = `Basic ${(await readFile(ours.server.cookieFile)).toString('base64')}`;
    socket.write(
      `POST / HTTP/1.1\r\nAuthorization: ${authorization}\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`,
    );
    expect(String(await once(socket, 'data'))).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('[]');
    expect(String(await once(socket, 'data'))).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\[\]\n$/s);
    socket.destroy();
  });

  it('serves the same paths with the same authentication', async () => {
    for (const [path, init] of [
      ['/', { method: 'GET' }],
      ['/nonsense', { method: 'GET' }],
      ['/nonsense', { method: 'POST', body: '{}' }],
      ['/wallet/any', { method: 'GET' }],
      ['/', { method: 'POST', body: '{}' }],
      ['/', { method: 'POST', body: '{}', headers: { authorization: 'Basic YTpi' } }],
      ['/', { method: 'POST', body: '{}', headers: { authorization: 'nonsense' } }],
    ] as [string, RequestInit][]) {
      const [expected, actual] = await Promise.all(
        [theirs.rpcPort, ours.server.port].map(async (port) => {
          const reply = await fetch(`http://127.0.0.1:${port}${path}`, init);
          return [reply.status, reply.headers.get('www-authenticate'), await reply.text()];
        }),
      );
      expect(actual).toEqual(expected);
    }
    const body = '{"method":"getblockcount"}';
    for (const path of ['/nonsense', '/wallet/any', '/wallet/any/more']) {
      const [expected, actual] = await Promise.all([
        post(theirs.rpcPort, theirs.cookieFile, path, body),
        post(ours.server.port, ours.server.cookieFile, path, body),
      ]);
      expect(actual, path).toEqual(expected);
    }
  });

  it('has the usage lines of bitcoind in its help', async () => {
    const index = await ours.call<string>('help');
    const lines = index.split('\n').filter((line) => /^[a-z]/.test(line));
    expect(lines.length).toBeGreaterThan(60);
    const differing: string[] = [];
    for (const line of lines) {
      const help = await theirs.rpc<string>('help', line.split(' ')[0]);
      if (!help.startsWith('help: unknown command') && help.split('\n')[0] !== line) {
        differing.push(line.split(' ')[0]!);
      }
    }
    // Knots has extra arguments and the priorities that Core removed; Pier's createwallet has an address type.
    const names = [
      'addnode',
      'addpeeraddress',
      'createwallet',
      'getblocktemplate',
      'getmempoolinfo',
      'gettxoutproof',
      'prioritisetransaction',
      'sendrawtransaction',
      'testmempoolaccept',
      'verifytxoutproof',
    ];
    expect(differing.sort()).toEqual(names);
  });

  const cli = (...args: string[]): Promise<CliResult> =>
    bitcoinCli([
      '-regtest',
      // A folder without a configuration file.
      `-datadir=${theirs.dataDir}`,
      `-rpcport=${ours.server.port}`,
      `-rpccookiefile=${ours.server.cookieFile}`,
      ...args,
    ]);

  it('works with bitcoin-cli', async () => {
    expect(await cli('getblockhash', '0')).toEqual({ stdout: `${GENESIS}\n`, stderr: '', exitCode: 0 });
    expect(await cli('-named', 'getblockhash', 'height=0')).toMatchObject({ stdout: `${GENESIS}\n` });
    expect(JSON.parse((await cli('getblock', GENESIS, '2')).stdout)).toMatchObject({ height: 0 });
    expect(await cli('getblockhash', '1')).toEqual({
      stdout: '',
      stderr: 'error code: -8\nerror message:\nBlock height out of range\n',
      exitCode: 8,
    });
    expect(await cli('nosuchmethod')).toMatchObject({
      exitCode: 89,
      stderr: expect.stringMatching('Method not found'),
    });
    const { stdout, exitCode } = await cli('-netinfo', '4');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Pier/);
    expect(await cli('-addrinfo')).toMatchObject({ exitCode: 0 });
  });

  it('serves the wallet commands of bitcoin-cli', async () => {
    expect(await cli('-getinfo')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/Chain: regtest\nBlocks: 0/),
    });
    expect(await cli('createwallet', 'first')).toMatchObject({ exitCode: 0 });
    expect(await cli('createwallet', 'second')).toMatchObject({ exitCode: 0 });
    const both = await cli('-getinfo');
    expect(both).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/first[\s\S]*second/) });
    const { stdout, exitCode } = await cli('-rpcwallet=first', '-generate', '101');
    expect(exitCode).toBe(0);
    expect((JSON.parse(stdout) as { blocks: string[] }).blocks).toHaveLength(101);
    expect(await cli('-rpcwallet=first', 'getbalance')).toMatchObject({ stdout: '50.00000000\n' });
    expect(await cli('-rpcwallet=none', 'getbalance')).toMatchObject({ exitCode: 18 });
    expect(await cli('getbalance')).toMatchObject({ exitCode: 19 });
    const { stdout: info } = await cli('-rpcwallet=first', '-getinfo');
    expect(info).toMatch(/Wallet: first\n[\s\S]*Balance: 50\.00000000/);
  });
});
