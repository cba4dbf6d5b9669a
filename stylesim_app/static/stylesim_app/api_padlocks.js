// A padlock marks what needs a token. Swagger UI also marks what visitors may read, and closes that
// padlock, since nothing more is needed there.

const needsNoToken = (security) => security?.some((choice) => choice.isEmpty());

const padlocks = ({ React }) => ({
  wrapComponents: {
    OperationSummary: (Summary) => (props) => {
      const { operationProps: shown } = props;
      const security = shown.get("security");
      const operationProps = needsNoToken(security) ? shown.set("security", security.clear()) : shown;
      return React.createElement(Summary, { ...props, operationProps });
    },
  },
});

const bundle = window.SwaggerUIBundle;
window.SwaggerUIBundle = Object.assign(
  (options) => bundle({ ...options, plugins: [...options.plugins, padlocks] }),
  bundle,
);
