/// The configuration of the ingress's nginx: TLS, the routes, and a balancer that learns its endpoints while it
/// runs, so that no reload ever cuts a client's connection.
///
/// The balancing is ingress-nginx's way: endpoints lie in a shared dictionary, and Lua picks one per request.
struct IngressConfiguration: Sendable {
  /// The Services that may be routed to, by path.
  static let routes = [(path: "/vote", service: "voting-service"), (path: "/result", service: "result-service")]

  /// The host that is served; any other gets 404.
  var host: String
  /// The port on 127.0.0.1.
  var port: UInt16
  var certificates: Certificates
  /// Where endpoints are set: `PUT /endpoints`, a line for each Service, `SERVICE ADDRESS:PORT ADDRESS:PORT ...`.
  var socket: String
  /// The access log: time, request id, pod address, pod status, status, seconds, method and path.
  var accessLog: String

  /// The text inside nginx's `http` block.
  var text: String {
    """
      lua_shared_dict endpoints 1m;
      lua_package_path "/usr/share/lua/5.1/?.lua;;";
    \(Self.script)
      map $http_x_request_id $id { "" $request_id; default $http_x_request_id; }
      log_format ingress "$msec $id $upstream_addr $upstream_status $status $request_time $request_method $uri";
      access_log \(accessLog) ingress buffer=64k flush=1s;

      \(Self.routes.map { upstream($0.service) }.joined(separator: "\n  "))

      ssl_certificate \(certificates.folder)/ingress.crt;
      ssl_certificate_key \(certificates.folder)/ingress.key;
      ssl_protocols TLSv1.2 TLSv1.3;
      ssl_session_cache shared:tls:2m;
      # nginx closes a connection after 1000 requests unless told: a client would see it as a fault of the rollout.
      keepalive_requests 10000000;
      keepalive_timeout 1h;
      http2_max_concurrent_streams 1024;

      server {
        listen 127.0.0.1:\(port) ssl http2 default_server backlog=1024;
        server_name _;
        return 404;
      }
      server {
        listen 127.0.0.1:\(port) ssl http2;
        server_name \(host);
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Connection "";
        proxy_set_header X-Request-ID $id;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto https;
        # Traefik, the ingress that was measured, tries no second pod: a refused connection is a 502 at once, and
        # a pod that is silent a 504 after 30 s.
        proxy_next_upstream off;
        proxy_connect_timeout 30s;
        proxy_read_timeout 60s;
    \(Self.routes.map { locations($0.path, $0.service) }.joined(separator: "\n"))
        location / { return 404; }
      }
      server {
        listen unix:\(socket);
        access_log off;
        location = /endpoints { content_by_lua_block { sandbox_set_endpoints() } }
      }
    """
  }

  // Pods close idle connections only when they end; then nginx drops them here too.
  private func upstream(_ service: String) -> String {
    """
    upstream \(service) {
        server 0.0.0.1;  # never used: the balancer chooses
        balancer_by_lua_block { sandbox_balance("\(service)") }
        keepalive 256;
        keepalive_requests 10000000;
        keepalive_timeout 10m;
      }
    """
  }

  private func locations(_ path: String, _ service: String) -> String {
    ["= \(path)", "\(path)/"].map { match in
      """
          location \(match) {
            access_by_lua_block { sandbox_require_endpoint("\(service)") }
            proxy_pass http://\(service);
          }
      """
    }.joined(separator: "\n")
  }

  // The dictionary is parsed again only when its version has changed.
  // No ready endpoint is answered in the access phase, since an exit in the balancer phase makes a 500.
  private static let script = """
      init_by_lua_block {
        local balancer = require "ngx.balancer"
        local dictionary = ngx.shared.endpoints
        local known, version, turn = {}, nil, {}

        local function endpoints(service)
          local current = dictionary:get("version")
          if current ~= version then
            known, version = {}, current
          end
          local list = known[service]
          if not list then
            list = {}
            for address, port in string.gmatch(dictionary:get(service) or "", "([%d.]+):(%d+)") do
              list[#list + 1] = { address, tonumber(port) }
            end
            known[service] = list
          end
          return list
        end

        function sandbox_require_endpoint(service)
          if #endpoints(service) == 0 then
            return ngx.exit(503)
          end
        end

        function sandbox_balance(service)
          local list = endpoints(service)
          if #list == 0 then
            return ngx.exit(503)
          end
          turn[service] = ((turn[service] or 0) % #list) + 1
          local endpoint = list[turn[service]]
          local done, message = balancer.set_current_peer(endpoint[1], endpoint[2])
          if not done then
            ngx.log(ngx.ERR, "no peer: ", message)
            return ngx.exit(500)
          end
        end

        function sandbox_set_endpoints()
          ngx.req.read_body()
          for line in string.gmatch(ngx.req.get_body_data() or "", "[^\\n]+") do
            local service, list = string.match(line, "^(%S+)%s*(.*)$")
            dictionary:set(service, list)
          end
          dictionary:incr("version", 1, 0)
          ngx.say("ok")
        end
      }
    """
}
