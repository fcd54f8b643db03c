/**
 * What the host puts into a page: Electron's contextBridge and ipcRenderer for the preload, which runs in a world of
 * its own as it does in Electron. Text, because it runs in the browser. The two worlds share nothing but the window's
 * events, whose details are text.
 */

/** Values as text, functions as numbers: the same on both sides. What Electron cannot clone throws here too. */
const CODEC = `
const encode = (value, functions) => {
  if (value === undefined) return { t: 'u' };
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return { t: 'v', value };
  if (typeof value === 'number') return { t: 'n', value: String(value) };
  if (typeof value === 'function' && functions) return { t: 'f', id: functions.keep(value) };
  if (typeof value === 'object' && typeof value.then === 'function' && functions) return { t: 'p', id: functions.await(value) };
  if (Array.isArray(value)) return { t: 'a', items: value.map((item) => encode(item, functions)) };
  if (typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value))) {
    return { t: 'o', entries: Object.entries(value).map(([key, item]) => [key, encode(item, functions)]) };
  }
  throw new Error('An object could not be cloned.');
};
const decode = (coded, functions) => {
  switch (coded.t) {
    case 'u': return undefined;
    case 'v': return coded.value;
    case 'n': return Number(coded.value);
    case 'f': return functions.proxy(coded.id);
    case 'p': return functions.promise(coded.id);
    case 'a': return coded.items.map((item) => decode(item, functions));
    case 'o': return Object.fromEntries(coded.entries.map(([key, item]) => [key, decode(item, functions)]));
  }
};
`;

/** One end between the two worlds: calls the other's functions at once, as Electron's contextBridge does. */
const ENDPOINT = `
const makeEndpoint = (sends, receives) => {
  const kept = new Map(), returned = new Map(), awaited = new Map();
  let last = 0;
  const emit = (message) => window.dispatchEvent(new CustomEvent(sends, { detail: JSON.stringify(message), cancelable: true }));
  const functions = {
    keep(work) { kept.set(++last, work); return last; },
    await(promise) {
      const id = ++last;
      promise.then(
        (value) => emit({ type: 'settled', id, value: encode(value, functions) }),
        (error) => emit({ type: 'settled', id, error: String(error?.message ?? error) }),
      );
      return id;
    },
    proxy: (id) => (...args) => {
      const call = ++last;
      emit({ type: 'call', id, call, args: args.map((arg) => encode(arg, functions)) });
      const answer = returned.get(call);
      returned.delete(call);
      if (answer === undefined) throw new Error('the other world did not answer');
      if ('error' in answer) throw new Error(answer.error);
      return decode(answer.value, functions);
    },
    promise(id) {
      return new Promise((resolve, reject) => awaited.set(id, { resolve, reject }));
    },
  };
  const take = {
    call({ id, call, args }) {
      try {
        const value = kept.get(id)(...args.map((arg) => decode(arg, functions)));
        emit({ type: 'return', call, value: encode(value, functions) });
      } catch (error) {
        emit({ type: 'return', call, error: String(error?.message ?? error) });
      }
    },
    return: (message) => { returned.set(message.call, message); },
    settled({ id, value, error }) {
      const { resolve, reject } = awaited.get(id);
      awaited.delete(id);
      if (error === undefined) resolve(decode(value, functions));
      else reject(new Error(error));
    },
  };
  const listen = (more) => window.addEventListener(receives, (event) => {
    event.preventDefault();
    const message = JSON.parse(event.detail);
    ({ ...take, ...more })[message.type](message);
  });
  return { functions, emit, listen };
};
`;

/** @param channel a name that the page does not know */
export function mainWorldScript(channel: string): string {
  return `(() => {
    if (window.parent !== window) return;
    ${CODEC}
    ${ENDPOINT}
    const { functions, listen } = makeEndpoint('${channel}-main', '${channel}-preload');
    listen({
      expose: ({ name, value }) => {
        const deepFreeze = (thing) => {
          if (thing !== null && typeof thing === 'object') Object.values(Object.freeze(thing)).forEach(deepFreeze);
          return thing;
        };
        Object.defineProperty(window, name, { value: deepFreeze(decode(value, functions)), enumerable: true });
      },
    });
    window.dispatchEvent(new Event('${channel}-main-ready'));
  })();`;
}

/** @param binding the function that takes text to the host @param receiver the one that the host calls with text */
export function preloadWorldScript(channel: string, binding: string, receiver: string, preload: string): string {
  return `(() => {
    if (window.parent !== window) return;
    ${CODEC}
    ${ENDPOINT}
    const { functions, emit, listen } = makeEndpoint('${channel}-preload', '${channel}-main');
    listen({});
    const listeners = new Map(), pending = new Map();
    let last = 0;
    const send = (message) => globalThis['${binding}'](JSON.stringify(message));
    globalThis['${receiver}'] = (text) => {
      const message = JSON.parse(text);
      if (message.type === 'answer') {
        const { resolve, reject } = pending.get(message.id);
        pending.delete(message.id);
        if ('error' in message) reject(new Error(message.error));
        else resolve(decode(message.value));
      } else {
        const args = message.args.map((arg) => decode(arg));
        for (const listener of listeners.get(message.channel) ?? []) listener({ sender: ipcRenderer }, ...args);
      }
    };
    const ipcRenderer = {
      send: (channel, ...args) => send({ type: 'send', channel, args: args.map((arg) => encode(arg)) }),
      invoke: (channel, ...args) => new Promise((resolve, reject) => {
        const coded = args.map((arg) => encode(arg));
        const id = ++last;
        pending.set(id, { resolve, reject });
        send({ type: 'invoke', id, channel, args: coded });
      }),
      on(channel, listener) {
        listeners.set(channel, [...(listeners.get(channel) ?? []), listener]);
        return ipcRenderer;
      },
    };
    const contextBridge = {
      exposeInMainWorld(name, value) {
        const message = { type: 'expose', name, value: encode(value, functions) };
        // Taken at once, unless this world came first.
        if (emit(message)) window.addEventListener('${channel}-main-ready', () => emit(message), { once: true });
      },
    };
    const modules = { electron: { contextBridge, ipcRenderer }, 'electron/renderer': { contextBridge, ipcRenderer } };
    const require = (name) => {
      if (!Object.hasOwn(modules, name)) throw new Error('module not found: ' + name);
      return modules[name];
    };
    (function (require, module, exports) {
      ${preload.replace(/^\/\/# sourceMappingURL=.*$/m, '')}
    })(require, { exports: {} }, {});
  })();`;
}
