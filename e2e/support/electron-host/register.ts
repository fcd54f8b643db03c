/** `node --import register.ts dist/shell/main.js`: gives the app the host where it asks for Electron. */
import { registerHooks } from 'node:module';

const HOST = new URL('./electron.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const isElectron = specifier === 'electron/main' || specifier === 'electron/common' || specifier === 'electron';
    return isElectron ? { url: HOST, shortCircuit: true } : next(specifier, context);
  },
});

await import('./control.ts');
