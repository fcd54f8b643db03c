/** Not among the dependencies: it downloads when it is installed, and loads on few versions of Node. */
declare module '@tensorflow/tfjs-node' {}
