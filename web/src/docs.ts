// The page of the JSON API: Swagger's viewer over our own description of it.

declare const SwaggerUIBundle: any;

SwaggerUIBundle({ url: "/api/v1/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null });
