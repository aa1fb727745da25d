(()=>{SwaggerUIBundle({url:"/api/v1/openapi.json",dom_id:"#swagger-ui",deepLinking:!0,validatorUrl:null});})();
